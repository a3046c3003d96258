import type { PoolObject } from '@capstan/core';
import { Grid, Group, Stack } from '@mantine/core';
import { useMayAct } from '../queries/session.ts';
import { PageLink } from '../shell/page-link.tsx';
import { Section } from '../shell/section.tsx';
import { PoolFacts } from './pool-facts.tsx';
import { PoolUse } from './pool-use.tsx';
import { ScalePool } from './scale-pool.tsx';
import { SteerPool } from './steer-pool.tsx';

/** `isAlone` is on the pool's own page, which has the rest beside it. */
export function PoolCard({ pool, isAlone = false }: { pool: PoolObject; isAlone?: boolean }) {
  const mayOperate = useMayAct('operator');
  return (
    <Section title={isAlone ? 'Settings and size' : pool.id} actions={mayOperate && <SteerPool pool={pool} />}>
      <Grid>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Stack>
            <PoolUse pool={pool} title="In use" />
            <Group>
              <PageLink href={`/queues?pool=${pool.id}`}>Its queue</PageLink>
              {!isAlone && <PageLink href={`/pools/${pool.id}`}>History and autoscaling</PageLink>}
            </Group>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack>
            <PoolFacts pool={pool} />
            {mayOperate && <ScalePool key={pool.version} pool={pool} />}
          </Stack>
        </Grid.Col>
      </Grid>
    </Section>
  );
}
