import { Stack } from '@mantine/core';
import { usePool } from '../queries/pools.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Page } from '../shell/page.tsx';
import { Autoscaling } from './autoscaling.tsx';
import { PoolCard } from './pool-card.tsx';
import { PoolChanges } from './pool-changes.tsx';
import { UsageHistory } from './usage-history.tsx';

/** One pool with its past, and what its policy has made of it. */
export function PoolPage({ id }: { id: string }) {
  return (
    <Page title={`Pool ${id}`}>
      <Loaded query={usePool(id)}>
        {(pool) => (
          <Stack>
            <PoolCard pool={pool} isAlone />
            <UsageHistory pool={id} />
            <Autoscaling pool={pool} />
            <PoolChanges pool={id} />
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}
