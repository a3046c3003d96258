import { isTerminal, type JobObject } from '@capstan/core';
import { Checkbox, Table, Text } from '@mantine/core';
import { browserClock } from '../browser-clock.ts';
import { ago, dollars, figure } from '../format.ts';
import { PageLink } from '../shell/page-link.tsx';
import { JobProgress } from './job-progress.tsx';
import { StateBadge } from './state-badge.tsx';

interface JobsTableProps {
  jobs: readonly JobObject[];
  chosen?: ReadonlySet<string>;
  /** Null where nothing can be done with chosen jobs. */
  onChoose?: ((chosen: ReadonlySet<string>) => void) | null;
}

export function JobsTable({ jobs, chosen = new Set(), onChoose = null }: JobsTableProps) {
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChoose?.(next);
  };
  return (
    <Table.ScrollContainer minWidth={860} type="native" tabIndex={0} role="region" aria-label="Table of jobs">
      <Table highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {onChoose && (
              <Table.Th w={30}>
                <ChooseAll
                  ids={jobs.filter(({ capstan }) => !isTerminal(capstan.state)).map(({ id }) => id)}
                  chosen={chosen}
                  onChoose={onChoose}
                />
              </Table.Th>
            )}
            {['Job', 'State', 'Progress', 'Loss', 'Pool', 'Priority', 'Cost', 'Created'].map((name) => (
              <Table.Th key={name}>{name}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {jobs.map((job) => (
            <Table.Tr key={job.id}>
              {onChoose && (
                <Table.Td>
                  {!isTerminal(job.capstan.state) && (
                    <Checkbox size="xs" aria-label={`Choose ${job.id}`} checked={chosen.has(job.id)} onChange={() => toggle(job.id)} />
                  )}
                </Table.Td>
              )}
              <JobCells job={job} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** Those that have not ended, of all that are shown. */
function ChooseAll({
  ids,
  chosen,
  onChoose,
}: {
  ids: readonly string[];
  chosen: ReadonlySet<string>;
  onChoose: (chosen: ReadonlySet<string>) => void;
}) {
  const isAll = ids.length > 0 && ids.every((id) => chosen.has(id));
  return (
    <Checkbox
      size="xs"
      aria-label="Choose all that are shown"
      disabled={ids.length === 0}
      checked={isAll}
      indeterminate={!isAll && ids.some((id) => chosen.has(id))}
      onChange={() => onChoose(new Set(isAll ? [] : ids))}
    />
  );
}

function JobCells({ job }: { job: JobObject }) {
  const { capstan } = job;
  return (
    <>
      <Table.Td>
        <PageLink href={`/jobs/${job.id}`} isWhole>
          {job.id}
        </PageLink>
        <Text size="xs" c="dimmed" className="wrap" maw={{ base: '8rem', xs: 'none' }}>
          {job.fine_tuned_model ?? job.model}
          {capstan.owner !== null && ` · ${capstan.owner}`}
        </Text>
      </Table.Td>
      <Table.Td miw={130}>
        <StateBadge state={capstan.state} />
        {capstan.message !== null && (
          <Text size="xs" c="dimmed" lineClamp={4} maw={260} title={capstan.message}>
            {capstan.message}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <JobProgress job={job} />
      </Table.Td>
      <Table.Td>{figure(capstan.progress?.eval_loss ?? capstan.progress?.train_loss)}</Table.Td>
      <Table.Td>{capstan.pool}</Table.Td>
      <Table.Td>{capstan.priority}</Table.Td>
      <Table.Td>{dollars(capstan.cost_usd)}</Table.Td>
      <Table.Td className="whole">{ago(job.created_at, browserClock.now())}</Table.Td>
    </>
  );
}
