import type { ProjectObject } from '@capstan/core';
import { Group, NumberInput } from '@mantine/core';

export type Limits = Pick<ProjectObject['quota'], 'max_concurrent_gpus' | 'max_queued_jobs' | 'monthly_budget_usd'>;
export const NO_LIMITS: Limits = { max_concurrent_gpus: null, max_queued_jobs: null, monthly_budget_usd: null };

const FIELDS: { name: keyof Limits; label: string; isWhole: boolean }[] = [
  { name: 'max_concurrent_gpus', label: 'GPUs at once', isWhole: true },
  { name: 'max_queued_jobs', label: 'Waiting jobs', isWhole: true },
  { name: 'monthly_budget_usd', label: 'Budget a month, $', isWhole: false },
];

/** The limits of a project; an empty field is no limit. */
export function LimitFields({ limits, onChange }: { limits: Limits; onChange: (limits: Limits) => void }) {
  return (
    <Group align="flex-end" gap="sm">
      {FIELDS.map(({ name, label, isWhole }) => (
        <NumberInput
          key={name}
          label={label}
          placeholder="no limit"
          w={150}
          min={0}
          allowNegative={false}
          allowDecimal={!isWhole}
          value={limits[name] ?? ''}
          onChange={(value) => onChange({ ...limits, [name]: typeof value === 'number' ? value : null })}
        />
      ))}
    </Group>
  );
}
