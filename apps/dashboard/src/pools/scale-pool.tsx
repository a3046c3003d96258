import type { PoolObject } from '@capstan/core';
import { Button, Group, NumberInput, Slider, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { useForecast, useUpdatePool } from '../queries/pools.ts';
import { ScaleNotes } from './scale-notes.tsx';

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
      <Group align="center">
        <Slider
          flex="1 1 180px"
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
      <ScaleNotes pool={pool} workers={workers} forecast={forecast.data} />
    </Stack>
  );
}
