import type { OverviewObject, PoolObject } from '@capstan/core';
import { Alert, List } from '@mantine/core';
import { usePools } from '../queries/pools.ts';
import { PageLink } from '../shell/page-link.tsx';

interface Matter {
  text: string;
  href: string;
}

/** What does not go on by itself. Nothing where all is well. */
export function NeedsAPerson({ overview }: { overview: OverviewObject }) {
  const pools = usePools();
  const matters = [...poolMatters(pools.data?.data ?? []), ...jobMatters(overview)];
  if (matters.length === 0) return null;
  return (
    <Alert variant="outline" color="orange" title="Needs a person">
      <List size="sm">
        {matters.map(({ text, href }) => (
          <List.Item key={text}>
            <PageLink href={href}>{text}</PageLink>
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

function poolMatters(pools: readonly PoolObject[]): Matter[] {
  return pools.flatMap(({ id, paused, max_workers: workers, usage: { queued } }) => {
    if (queued === 0) return [];
    const jobs = `${queued} ${queued === 1 ? 'job waits' : 'jobs wait'}`;
    if (paused) return [{ text: `Pool ${id} is cordoned and ${jobs} in it.`, href: '/pools' }];
    return workers === 0 ? [{ text: `Pool ${id} has no workers and ${jobs} in it.`, href: '/pools' }] : [];
  });
}

function jobMatters({ failures, states }: OverviewObject): Matter[] {
  const failed = failures.reduce((sum, { jobs }) => sum + jobs, 0);
  return [
    ...(failed > 0
      ? [{ text: `${failed} ${failed === 1 ? 'job has' : 'jobs have'} failed in the last 24 hours.`, href: '/jobs?state=failed' }]
      : []),
    ...(states.paused > 0
      ? [
          {
            text: `${states.paused} ${states.paused === 1 ? 'job is' : 'jobs are'} paused until somebody resumes them.`,
            href: '/jobs?state=paused',
          },
        ]
      : []),
  ];
}
