import type { PoolObject } from '@capstan/core';
import { Badge, Group, Paper, Progress, Text } from '@mantine/core';
import { count } from '../format.ts';

/** How much of a pool is taken. */
export function PoolUse({ pool, title = pool.id }: { pool: PoolObject; title?: string }) {
  const { max_workers: workers, gpus_per_worker: gpus, usage, paused } = pool;
  const unit = gpus === 0 ? 'workers' : 'GPUs';
  const [taken, all] = [usage.reserved, workers].map((number) => number * Math.max(1, gpus));
  return (
    <Paper p="sm">
      <Group justify="space-between" mb={4}>
        <Text fw={600} className="wrap">
          {title}
        </Text>
        {paused && (
          <Badge variant="dot" color="orange" tt="none">
            Cordoned
          </Badge>
        )}
      </Group>
      <Progress.Root size="md">
        <Progress.Section value={(100 * usage.reserved) / Math.max(1, workers)} aria-label={`${taken} of ${all} ${unit} in use`} />
      </Progress.Root>
      <Text size="sm" mt={4}>
        {taken} of {all} {unit} in use · {count(usage.queued)} waiting
      </Text>
    </Paper>
  );
}
