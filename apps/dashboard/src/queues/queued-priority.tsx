import { NumberInput, Text } from '@mantine/core';
import { useState } from 'react';
import { useReprioritise } from '../queries/jobs.ts';
import { useMayAct } from '../queries/session.ts';

const LAST = 100;

/** The priority of a job that waits; operators type another one, which Enter or leaving the field sets. */
export function QueuedPriority({ id, priority }: { id: string | null; priority: number }) {
  const mayOperate = useMayAct('operator');
  const reprioritise = useReprioritise();
  const [draft, setDraft] = useState<number | null>(null);
  if (id === null || !mayOperate) return <Text size="sm">{priority}</Text>;
  const set = () => {
    if (draft !== null && draft !== priority) reprioritise.mutate({ id, priority: draft });
    setDraft(null);
  };
  return (
    <NumberInput
      size="xs"
      w={72}
      min={0}
      max={LAST}
      allowDecimal={false}
      aria-label={`Priority of ${id}`}
      disabled={reprioritise.isPending}
      value={draft ?? priority}
      onChange={(value) => setDraft(typeof value === 'number' ? value : null)}
      onBlur={set}
      onKeyDown={(event) => event.key === 'Enter' && set()}
    />
  );
}
