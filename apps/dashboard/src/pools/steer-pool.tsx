import type { PoolObject } from '@capstan/core';
import { Button, Group } from '@mantine/core';
import { useDrainPool, useUpdatePool } from '../queries/pools.ts';
import { EditPool } from './edit-pool.tsx';

/** What operators do to a pool as a whole. */
export function SteerPool({ pool }: { pool: PoolObject }) {
  const update = useUpdatePool(pool.id);
  const drain = useDrainPool();
  const { version, paused, usage } = pool;
  return (
    <Group gap="xs">
      <EditPool pool={pool} />
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
