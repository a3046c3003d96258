import { type JobEventType, type JobObject, transition } from '@capstan/core';
import { Button, Group } from '@mantine/core';
import { Link, useLocation } from 'wouter';
import { type JobAction, useJobAction, useRetryJob } from '../queries/jobs.ts';
import { useMayAct } from '../queries/session.ts';

const ACTIONS: { action: JobAction; event: JobEventType; label: string; color: string }[] = [
  { action: 'pause', event: 'pauseRequested', label: 'Pause', color: 'blue' },
  { action: 'resume', event: 'resumeRequested', label: 'Resume', color: 'blue' },
  { action: 'cancel', event: 'cancelRequested', label: 'Cancel', color: 'red' },
];

const RETRIABLE: readonly JobObject['capstan']['state'][] = ['failed', 'cancelled'];

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
      {RETRIABLE.includes(job.capstan.state) && <RetryButton id={job.id} />}
      <Button component={Link} href={`/jobs/new?from=${job.id}`} variant="default">
        Clone
      </Button>
    </Group>
  );
}

/** Leads to the new job; the old one stays as it ended. */
function RetryButton({ id }: { id: string }) {
  const retry = useRetryJob();
  const [, goTo] = useLocation();
  return (
    <Button onClick={() => retry.mutate(id, { onSuccess: (job) => goTo(`/jobs/${job.id}`) })} loading={retry.isPending}>
      Retry
    </Button>
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
