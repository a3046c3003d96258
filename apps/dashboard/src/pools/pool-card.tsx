import type { PoolObject } from '@capstan/core';
import { Button, Grid, Group, Stack } from '@mantine/core';
import { bytes, dollars } from '../format.ts';
import { useDrainPool, useUpdatePool } from '../queries/pools.ts';
import { useMayAct } from '../queries/session.ts';
import { Facts } from '../shell/facts.tsx';
import { PageLink } from '../shell/page-link.tsx';
import { Section } from '../shell/section.tsx';
import { PoolUse } from './pool-use.tsx';
import { ScalePool } from './scale-pool.tsx';

const MIB = 1024 * 1024;

export function PoolCard({ pool }: { pool: PoolObject }) {
  const mayOperate = useMayAct('operator');
  return (
    <Section title={pool.id} actions={mayOperate && <Cordon pool={pool} />}>
      <Grid>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Stack>
            <PoolUse pool={pool} title="In use" />
            <PageLink href={`/queues?pool=${pool.id}`}>Its queue</PageLink>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack>
            <Facts
              facts={[
                ['Launcher', pool.launcher],
                ['Workers at most', String(pool.max_workers)],
                ['GPUs per worker', String(pool.gpus_per_worker)],
                ['Kept ready', String(pool.min_ready)],
                ['Price of a GPU hour', dollars(pool.price_per_gpu_hour)],
                ['Memory of a worker', pool.memory_mib === null ? 'as the job says' : bytes(pool.memory_mib * MIB)],
              ]}
              columns={3}
            />
            {mayOperate && <ScalePool key={pool.version} pool={pool} />}
          </Stack>
        </Grid.Col>
      </Grid>
    </Section>
  );
}

function Cordon({ pool }: { pool: PoolObject }) {
  const update = useUpdatePool(pool.id);
  const drain = useDrainPool();
  const { version, paused, usage } = pool;
  return (
    <Group gap="xs">
      <Button variant="default" size="xs" loading={update.isPending} onClick={() => update.mutate({ version, paused: !paused })}>
        {paused ? 'Uncordon' : 'Cordon'}
      </Button>
      {usage.reserved > 0 && (
        <Button variant="outline" color="red" size="xs" loading={drain.isPending} onClick={() => drain.mutate(pool.id)}>
          Drain
        </Button>
      )}
    </Group>
  );
}
