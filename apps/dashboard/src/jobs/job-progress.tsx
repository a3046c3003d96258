import type { JobObject } from '@capstan/core';
import { Progress, Stack, Text } from '@mantine/core';
import { count, duration } from '../format.ts';
import { JOB_STATES } from './job-states.ts';

/** How far a job has come; nothing for one that has not begun. */
export function JobProgress({ job }: { job: JobObject }) {
  const { progress, state, eta_seconds: eta } = job.capstan;
  if (progress === null) return null;
  const { step, total_steps: total } = progress;
  return (
    <Stack gap={2} miw={90}>
      <Progress.Root size="sm">
        <Progress.Section
          value={(100 * step) / Math.max(1, total)}
          color={JOB_STATES[state].color}
          aria-label={`Step ${step} of ${total}`}
        />
      </Progress.Root>
      <Text size="xs">
        {count(step)} / {count(total)}
      </Text>
      {state === 'running' && eta !== null && (
        <Text size="xs" className="whole">
          {duration(eta)} left
        </Text>
      )}
    </Stack>
  );
}
