import { Button } from '@mantine/core';
import { useJobAction } from '../queries/jobs.ts';
import { useMayAct } from '../queries/session.ts';

export function QueuedJobActions({ id }: { id: string }) {
  const maySubmit = useMayAct('submitter');
  const pause = useJobAction('pause');
  const cancel = useJobAction('cancel');
  if (!maySubmit) return null;
  return (
    <>
      <Button size="compact-xs" variant="default" aria-label={`Pause ${id}`} onClick={() => pause.mutate(id)} loading={pause.isPending}>
        Pause
      </Button>
      <Button
        size="compact-xs"
        variant="outline"
        color="red"
        aria-label={`Cancel ${id}`}
        onClick={() => cancel.mutate(id)}
        loading={cancel.isPending}
      >
        Cancel
      </Button>
    </>
  );
}
