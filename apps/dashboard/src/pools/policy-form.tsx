import type { PoolObject } from '@capstan/core';
import { Button, NumberInput, SimpleGrid, Stack, Switch } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useUpdatePool } from '../queries/pools.ts';

const WEEK_SECONDS = 604_800;
const MOST = 10_000;

export function PolicyForm({ pool }: { pool: PoolObject }) {
  const [policy, setPolicy] = useState(pool.autoscale);
  const update = useUpdatePool(pool.id);
  const isChanged = JSON.stringify(policy) !== JSON.stringify(pool.autoscale);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { enabled, target_wait_seconds, floor, ceiling, cool_down_seconds } = policy;
    update.mutate({ version: pool.version, autoscale: { enabled, target_wait_seconds, floor, ceiling, cool_down_seconds } });
  };
  const number = (name: 'target_wait_seconds' | 'floor' | 'ceiling' | 'cool_down_seconds') => ({
    allowDecimal: false,
    clampBehavior: 'strict' as const,
    value: policy[name],
    onChange: (value: number | string) => setPolicy({ ...policy, [name]: Number(value) }),
  });
  return (
    <form onSubmit={submit} aria-label="Policy">
      <Stack align="flex-start">
        <Switch
          label="Let the size follow the queue"
          checked={policy.enabled}
          onChange={(event) => setPolicy({ ...policy, enabled: event.currentTarget.checked })}
        />
        <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }} w="100%">
          <NumberInput label="Target wait" suffix=" s" min={0} max={WEEK_SECONDS} {...number('target_wait_seconds')} />
          <NumberInput label="Workers at least" min={0} max={MOST} {...number('floor')} />
          <NumberInput
            label="Workers at most"
            min={0}
            max={MOST}
            error={policy.ceiling < policy.floor ? 'Not below the least.' : undefined}
            {...number('ceiling')}
          />
          <NumberInput label="Cool-down" suffix=" s" min={1} max={WEEK_SECONDS} {...number('cool_down_seconds')} />
        </SimpleGrid>
        <Button type="submit" loading={update.isPending} disabled={!isChanged || policy.ceiling < policy.floor}>
          Save the policy
        </Button>
      </Stack>
    </form>
  );
}
