import { Stack } from '@mantine/core';
import { usePools } from '../queries/pools.ts';
import { useMayAct } from '../queries/session.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Page } from '../shell/page.tsx';
import { CreatePool } from './create-pool.tsx';
import { PoolCard } from './pool-card.tsx';

/** Every pool, and for operators what can be done with it. */
export function PoolsPage() {
  const mayOperate = useMayAct('operator');
  return (
    <Page title="Pools" actions={mayOperate && <CreatePool />}>
      <Loaded query={usePools()}>
        {({ data }) => (
          <Stack>
            {data.map((pool) => (
              <PoolCard key={pool.id} pool={pool} />
            ))}
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}
