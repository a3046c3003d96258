import type { JobSort, JobStatus } from '@capstan/core';
import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useCancelJobs, useJobs } from '../queries/jobs.ts';
import { useMayAct } from '../queries/session.ts';
import { ErrorNote } from '../shell/error-note.tsx';
import { Page } from '../shell/page.tsx';
import { PageLoader } from '../shell/page-loader.tsx';
import { JobFilters } from './job-filters.tsx';
import { JobsTable } from './jobs-table.tsx';

/** All jobs of the project; filters and order are in the address, to be shared. */
export function JobsPage() {
  const [parameters] = useSearchParams();
  const filter = {
    state: (parameters.get('state') as JobStatus | null) ?? undefined,
    pool: parameters.get('pool') ?? undefined,
    model: parameters.get('model') ?? undefined,
    owner: parameters.get('owner') ?? undefined,
    sort: (parameters.get('sort') as JobSort | null) ?? undefined,
    search: parameters.get('search') ?? undefined,
  };
  const jobs = useJobs(filter);
  const maySubmit = useMayAct('submitter');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const all = jobs.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <Page title="Jobs" actions={maySubmit && <CancelChosen chosen={chosen} onDone={() => setChosen(new Set())} />}>
      <JobFilters />
      {jobs.isPending && <PageLoader />}
      {jobs.isError && <ErrorNote error={jobs.error} />}
      {jobs.isSuccess && all.length === 0 && (
        <Text>
          No job is like that.{' '}
          {maySubmit && (
            <Button component={Link} href="/jobs/new" variant="default" size="xs">
              Submit one
            </Button>
          )}
        </Text>
      )}
      {all.length > 0 && <JobsTable jobs={all} chosen={chosen} onChoose={maySubmit ? setChosen : null} />}
      {jobs.hasNextPage && (
        <Group>
          <Button variant="default" onClick={() => void jobs.fetchNextPage()} loading={jobs.isFetchingNextPage}>
            Show more
          </Button>
        </Group>
      )}
    </Page>
  );
}

function CancelChosen({ chosen, onDone }: { chosen: ReadonlySet<string>; onDone: () => void }) {
  const cancel = useCancelJobs();
  if (chosen.size === 0) return null;
  return (
    <Button color="red" onClick={() => cancel.mutate([...chosen], { onSettled: onDone })} loading={cancel.isPending}>
      Cancel {chosen.size === 1 ? '1 job' : `${chosen.size} jobs`}
    </Button>
  );
}
