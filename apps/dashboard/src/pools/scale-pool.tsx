import type { PoolForecastObject, PoolObject } from '@capstan/core';
import { Button, Group, NumberInput, Slider, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { dollars } from '../format.ts';
import { useForecast, useUpdatePool } from '../queries/pools.ts';
import { roomText } from './room-text.ts';

const TYPING_PAUSE_MS = 250;
const MOST = 10_000;

/** Shows what a size would do before it is so. */
export function ScalePool({ pool }: { pool: PoolObject }) {
  const [workers, setWorkers] = useState(pool.max_workers);
  const [supposed] = useDebouncedValue(workers, TYPING_PAUSE_MS);
  const forecast = useForecast(pool.id, { maxWorkers: supposed, limit: 0 });
  const update = useUpdatePool(pool.id);
  const widest = Math.max(10, 2 * pool.max_workers);
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        Scale
      </Text>
      <Group align="center" wrap="nowrap">
        <Slider
          flex={1}
          min={0}
          max={widest}
          value={Math.min(workers, widest)}
          onChange={setWorkers}
          thumbLabel={`Workers of ${pool.id}`}
          marks={[{ value: pool.max_workers }]}
        />
        <NumberInput
          aria-label={`Number of workers of ${pool.id}`}
          w={90}
          min={0}
          max={MOST}
          allowDecimal={false}
          clampBehavior="strict"
          value={workers}
          onChange={(value) => setWorkers(Number(value))}
        />
        <Button
          disabled={workers === pool.max_workers}
          loading={update.isPending}
          onClick={() => update.mutate({ version: pool.version, max_workers: workers })}
        >
          Scale
        </Button>
      </Group>
      <Text size="sm" role="status">
        {forecast.data ? effect(forecast.data) : ' '}
      </Text>
      {pool.capacity !== null && workers > pool.capacity.slots && (
        <Text size="sm">The cluster has room for {roomText(pool.capacity)}: beyond that, jobs wait for it to grow.</Text>
      )}
      {pool.autoscale.enabled && (
        <Text size="sm" c="dimmed">
          The autoscaler may change it again after its cool-down.
        </Text>
      )}
    </Stack>
  );
}

function effect({ max_workers: workers, starting, workers: busy, cost_per_hour: cost, paused, queued }: PoolForecastObject): string {
  const size = workers === 1 ? 'With 1 worker' : `With ${workers} workers`;
  const price = `${busy} busy for ${dollars(cost)} an hour`;
  if (paused) return `${size}: nothing starts while the pool is cordoned; ${price}. What a drain paused goes on once it is uncordoned.`;
  const jobs = starting === 1 ? '1 waiting job starts' : `${starting} waiting jobs start`;
  return `${size}: ${starting === 0 && queued > 0 ? 'no waiting job starts' : jobs} at once; ${price}.`;
}
