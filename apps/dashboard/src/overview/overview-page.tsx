import { ACTIVE_STATUSES, JOB_STATUSES, type OverviewObject } from '@capstan/core';
import { Grid, Group, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { Link } from 'wouter';
import { count, dollars, duration } from '../format.ts';
import { JobsTable } from '../jobs/jobs-table.tsx';
import { StateBadge } from '../jobs/state-badge.tsx';
import { PoolUse } from '../pools/pool-use.tsx';
import { useLatestJobs } from '../queries/jobs.ts';
import { useOverview } from '../queries/overview.ts';
import { usePools } from '../queries/pools.ts';
import { Facts } from '../shell/facts.tsx';
import { Loaded } from '../shell/loaded.tsx';
import { Page } from '../shell/page.tsx';
import { PageLink } from '../shell/page-link.tsx';
import { Section } from '../shell/section.tsx';
import { HoursChart } from './hours-chart.tsx';
import { NeedsAPerson } from './needs-a-person.tsx';

const MOST_RUNNING = 20;

/** What goes on, at a glance. */
export function OverviewPage() {
  const overview = useOverview();
  return (
    <Page title="Overview">
      <Loaded query={overview}>
        {(data) => (
          <>
            <NeedsAPerson overview={data} />
            <States overview={data} />
          </>
        )}
      </Loaded>
      <Pools />
      <Running />
      <Loaded query={overview}>{(data) => <LastDay overview={data} />}</Loaded>
    </Page>
  );
}

function States({ overview }: { overview: OverviewObject }) {
  return (
    <Section title="Jobs">
      <Group gap="lg">
        {JOB_STATUSES.filter((state) => overview.states[state] > 0 || state === 'queued' || state === 'running').map((state) => (
          <Link key={state} href={`/jobs?state=${state}`} className="plain">
            <Text size="xl" fw={700} ta="center">
              {count(overview.states[state])}
            </Text>
            <StateBadge state={state} />
          </Link>
        ))}
      </Group>
    </Section>
  );
}

function Pools() {
  return (
    <Section title="Pools" actions={<PageLink href="/pools">Steer them</PageLink>}>
      <Loaded query={usePools()}>
        {({ data }) => (
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
            {data.map((pool) => (
              <PoolUse key={pool.id} pool={pool} />
            ))}
          </SimpleGrid>
        )}
      </Loaded>
    </Section>
  );
}

function Running() {
  const jobs = useLatestJobs(undefined, MOST_RUNNING);
  return (
    <Section title="Latest jobs" actions={<PageLink href="/jobs">All jobs</PageLink>}>
      <Loaded query={jobs}>
        {({ data }) => {
          const active = data.filter(({ capstan }) => ACTIVE_STATUSES.some((state) => state === capstan.state));
          const shown = [...active, ...data.filter((job) => !active.includes(job))].slice(0, 8);
          return shown.length === 0 ? <Text size="sm">None has been submitted yet.</Text> : <JobsTable jobs={shown} />;
        }}
      </Loaded>
    </Section>
  );
}

function LastDay({ overview }: { overview: OverviewObject }) {
  const created = overview.hours.reduce((sum, hour) => sum + hour.created, 0);
  const waits = overview.hours.flatMap(({ wait_seconds: wait }) => (wait === null ? [] : [wait]));
  return (
    <Section title="Last 24 hours">
      <Stack>
        <Facts
          facts={[
            ['Submitted', count(created)],
            ['Failed', count(overview.failures.reduce((sum, { jobs }) => sum + jobs, 0))],
            ['Longest median wait of an hour', waits.length === 0 ? '–' : duration(Math.max(...waits))],
            ['Cost of ended attempts', dollars(overview.cost_usd)],
          ]}
        />
        <Grid>
          <Grid.Col span={{ base: 12, md: 8 }}>
            <HoursChart hours={overview.hours} />
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 4 }}>
            <Failures failures={overview.failures} />
          </Grid.Col>
        </Grid>
      </Stack>
    </Section>
  );
}

function Failures({ failures }: { failures: OverviewObject['failures'] }) {
  if (failures.length === 0) return <Text size="sm">No job has failed.</Text>;
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Failed because of</Table.Th>
          <Table.Th>Jobs</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {failures.map(({ reason, jobs }) => (
          <Table.Tr key={reason}>
            <Table.Td>{reason ?? 'unknown'}</Table.Td>
            <Table.Td>{count(jobs)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
