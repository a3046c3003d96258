import type { PoolObject } from '@capstan/core';
import { Button, Group } from '@mantine/core';
import { useDrainPool, useUpdatePool } from '../queries/pools.ts';
import { useMayAct } from '../queries/session.ts';

/** What operators do to a whole queue, and the way to what its store holds. */
export function QueueControls({ pool: { id, version, paused } }: { pool: PoolObject }) {
  const mayOperate = useMayAct('operator');
  const update = useUpdatePool(id);
  const drain = useDrainPool();
  if (!mayOperate) return null;
  const confirmDrain = () =>
    window.confirm(`Drain ${id}? It launches nothing more, and its jobs save a checkpoint and pause.`) && drain.mutate(id);
  return (
    <Group gap="xs">
      <Button variant="default" onClick={() => update.mutate({ paused: !paused, version })} loading={update.isPending}>
        {paused ? 'Resume queue' : 'Pause queue'}
      </Button>
      <Button variant="outline" color="red" onClick={confirmDrain} loading={drain.isPending}>
        Drain
      </Button>
      <Button component="a" href={`/bull-board/queue/pool-${id}`} target="_blank" rel="noreferrer" variant="default">
        Raw view
      </Button>
    </Group>
  );
}
