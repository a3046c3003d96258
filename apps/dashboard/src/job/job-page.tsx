import type { JobObject } from '@capstan/core';
import { Grid, Group, Stack, Text } from '@mantine/core';
import { StateBadge } from '../jobs/state-badge.tsx';
import { useFollowJob } from '../queries/follow-job.ts';
import { useJob } from '../queries/jobs.ts';
import { ErrorNote } from '../shell/error-note.tsx';
import { Page } from '../shell/page.tsx';
import { PageLoader } from '../shell/page-loader.tsx';
import { AttemptsTable } from './attempts-table.tsx';
import { CheckpointsTable } from './checkpoints-table.tsx';
import { EventsList } from './events-list.tsx';
import { JobActions } from './job-actions.tsx';
import { JobCurves } from './job-curves.tsx';
import { JobResult } from './job-result.tsx';
import { JobSettings } from './job-settings.tsx';
import { JobSummary } from './job-summary.tsx';
import { LogTail } from './log-tail.tsx';

/** Everything about one job, live. */
export function JobPage({ id }: { id: string }) {
  useFollowJob(id);
  const job = useJob(id);
  if (job.data !== undefined) return <JobView job={job.data} />;
  return job.isError ? <ErrorNote error={job.error} /> : <PageLoader />;
}

function JobView({ job }: { job: JobObject }) {
  const { id, capstan } = job;
  return (
    <Page title={id} actions={<JobActions job={job} />}>
      <Group gap="sm" role="status" aria-label="State">
        <StateBadge state={capstan.state} />
        {capstan.reason !== null && <Text fw={600}>{capstan.reason}</Text>}
        {capstan.message !== null && <Text className="wrap">{capstan.message}</Text>}
      </Group>
      <JobSummary job={job} />
      <JobCurves id={id} />
      <JobResult job={job} />
      <Grid>
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <Stack>
            <AttemptsTable id={id} />
            <CheckpointsTable id={id} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <EventsList id={id} />
        </Grid.Col>
      </Grid>
      <LogTail id={id} />
      <JobSettings job={job} />
    </Page>
  );
}
