import type { PoolForecastObject, PoolObject } from '@capstan/core';
import { Text } from '@mantine/core';
import { amount, dollars } from '../format.ts';
import { roomText } from './room-text.ts';

interface ScaleNotesProps {
  pool: PoolObject;
  workers: number;
  forecast: PoolForecastObject | undefined;
}

/** What a size would do, and what may come in between. */
export function ScaleNotes({ pool: { capacity, autoscale }, workers, forecast }: ScaleNotesProps) {
  return (
    <>
      <Text size="sm" role="status">
        {forecast ? effect(forecast) : ' '}
      </Text>
      {capacity !== null && workers > capacity.slots && (
        <Text size="sm">The cluster has room for {roomText(capacity)}: beyond that, jobs wait for it to grow.</Text>
      )}
      {autoscale.enabled && (
        <Text size="sm" c="dimmed">
          The autoscaler may change it again after its cool-down.
        </Text>
      )}
    </>
  );
}

function effect({ max_workers: workers, starting, workers: busy, cost_per_hour: cost, paused, queued }: PoolForecastObject): string {
  const size = `With ${amount(workers, 'worker')}`;
  const price = `${busy} busy for ${dollars(cost)} an hour`;
  if (paused) return `${size}: nothing starts while the pool is cordoned; ${price}. What a drain paused goes on once it is uncordoned.`;
  if (queued === 0) return `${size}: no job waits; ${price}.`;
  const jobs = `${starting === 0 ? 'no waiting job' : amount(starting, 'waiting job')} ${starting > 1 ? 'start' : 'starts'}`;
  return `${size}: ${jobs} at once; ${price}.`;
}
