import { type JobEventType, type JobObject, transition } from '@capstan/core';
import { Button, Group } from '@mantine/core';
import { Link } from 'wouter';
import { type JobAction, useJobAction } from '../queries/jobs.ts';
import { useMayAct } from '../queries/session.ts';

const ACTIONS: { action: JobAction; event: JobEventType; label: string; color: string }[] = [
  { action: 'pause', event: 'pauseRequested', label: 'Pause', color: 'blue' },
  { action: 'resume', event: 'resumeRequested', label: 'Resume', color: 'blue' },
  { action: 'cancel', event: 'cancelRequested', label: 'Cancel', color: 'red' },
];

/** What the table of transitions allows now, for those who may. */
export function JobActions({ job }: { job: JobObject }) {
  const maySubmit = useMayAct('submitter');
  if (!maySubmit) return null;
  const possible = ACTIONS.filter(({ event }) => transition(job.capstan.state, event).ok);
  return (
    <Group gap="xs">
      {possible.map(({ action, label, color }) => (
        <ActionButton key={action} id={job.id} action={action} label={label} color={color} />
      ))}
      <Button component={Link} href={`/jobs/new?from=${job.id}`} variant="default">
        Clone
      </Button>
    </Group>
  );
}

function ActionButton({ id, action, label, color }: { id: string; action: JobAction; label: string; color: string }) {
  const act = useJobAction(action);
  return (
    <Button onClick={() => act.mutate(id)} loading={act.isPending} color={color} variant={action === 'cancel' ? 'outline' : 'filled'}>
      {label}
    </Button>
  );
}
