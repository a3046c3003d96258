import type { PoolObject } from '@capstan/core';
import { Stack, Text } from '@mantine/core';
import { useMayAct } from '../queries/session.ts';
import { Section } from '../shell/section.tsx';
import { PolicyForm } from './policy-form.tsx';

/** The policy of a pool; what came of it stands among the pool's changes. */
export function Autoscaling({ pool }: { pool: PoolObject }) {
  const mayOperate = useMayAct('operator');
  return (
    <Section title="Autoscaling">
      <Stack>
        <Text size="sm">
          The pool grows as far as needed for no job to wait longer than the target, and shrinks to what was in use once nothing waits.
          Between two changes lies the cool-down; no running job loses its workers.
        </Text>
        {mayOperate && <PolicyForm key={JSON.stringify(pool.autoscale)} pool={pool} />}
      </Stack>
    </Section>
  );
}
