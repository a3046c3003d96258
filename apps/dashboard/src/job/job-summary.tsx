import { isTerminal, type JobObject } from '@capstan/core';
import { Paper, Progress, Stack, Text } from '@mantine/core';
import { count, dateTime, dollars, duration, expectedStart, figure } from '../format.ts';
import { JOB_STATES } from '../jobs/job-states.ts';
import { type Fact, Facts } from '../shell/facts.tsx';
import { PageLink } from '../shell/page-link.tsx';

/** Letters that one column has no room for. */
const LONG_NAME = 14;

/** How far it is, how well it does, and what it costs. */
export function JobSummary({ job }: { job: JobObject }) {
  return (
    <Paper component="section" aria-label="Progress">
      <Stack gap="md">
        <StepBar job={job} />
        <Facts
          facts={isTerminal(job.capstan.state) ? [...training(job), ...ended(job)] : [...waiting(job), ...training(job)]}
          columns={6}
        />
      </Stack>
    </Paper>
  );
}

function StepBar({ job }: { job: JobObject }) {
  const { progress, state, estimate } = job.capstan;
  const { step, total_steps: total } = progress ?? { step: 0, total_steps: estimate.steps };
  const { eta_seconds: seconds } = job.capstan;
  const left = state === 'running' && seconds !== null ? ` · ${duration(seconds)} left` : '';
  return (
    <div>
      <Progress.Root size="lg">
        <Progress.Section
          value={(100 * step) / Math.max(1, total)}
          color={JOB_STATES[state].color}
          aria-label={`Step ${step} of ${total}`}
          striped={state === 'running'}
          animated={state === 'running'}
        />
      </Progress.Root>
      <Text size="sm" mt={4}>
        Step {count(step)} of {count(total)}
        {progress === null || isTerminal(state) ? '' : ` · ${progress.phase}`}
        {left}
      </Text>
    </div>
  );
}

function waiting({ capstan }: JobObject): Fact[] {
  return capstan.position === null
    ? []
    : [
        ['Place in the queue', count(capstan.position)],
        ['Jobs ahead', count(capstan.ahead ?? 0)],
        ['Expected start', expectedStart(capstan.eta)],
      ];
}

function training({ capstan, model }: JobObject): Fact[] {
  const { progress, pool, attempt, max_attempts: most, priority, state, cost_usd: cost, estimate, owner, retry_of: first } = capstan;
  return [
    ['Train loss', figure(progress?.train_loss)],
    ['Eval loss', figure(progress?.eval_loss)],
    ['Learning rate', figure(progress?.learning_rate)],
    ['Tokens per second', progress?.tokens_per_second == null ? '–' : count(progress.tokens_per_second)],
    ['Base model', model, model.length > LONG_NAME ? 'wide' : undefined],
    [
      'Pool',
      <PageLink key="pool" href={`/queues?pool=${pool}`}>
        {pool}
      </PageLink>,
    ],
    ['Attempt', `${attempt} of ${most}`],
    ['Priority', count(priority)],
    ['Owner', owner ?? '–'],
    ...(first === null ? [] : [retryOf(first)]),
    [isTerminal(state) ? 'Cost' : 'Cost so far', `${dollars(cost)}, about ${dollars(estimate.cost_usd)} expected`, 'wide'],
  ];
}

function retryOf(id: string): Fact {
  return [
    'Retry of',
    <PageLink key="first" href={`/jobs/${id}`}>
      {id}
    </PageLink>,
    'wide',
  ];
}

function ended(job: JobObject): Fact[] {
  const { started_at: started } = job.capstan;
  return [
    ['Finished', job.finished_at === null ? '–' : dateTime(job.finished_at)],
    ['Took', started === null || job.finished_at === null ? '–' : duration(job.finished_at - started)],
    ['Trained tokens', job.trained_tokens === null ? '–' : count(job.trained_tokens)],
    [
      'Model',
      job.fine_tuned_model === null ? (
        '–'
      ) : (
        <PageLink key="model" href={`/models?model=${encodeURIComponent(job.fine_tuned_model)}`}>
          {job.fine_tuned_model}
        </PageLink>
      ),
      'row',
    ],
  ];
}
