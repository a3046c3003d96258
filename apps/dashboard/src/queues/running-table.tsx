import { JOB_STATUSES, type PoolForecastObject } from '@capstan/core';
import { Table, Text } from '@mantine/core';
import { duration } from '../format.ts';
import { StateBadge } from '../jobs/state-badge.tsx';
import { QueueJob } from './queue-job.tsx';

/** What holds the pool's workers now. */
export function RunningTable({ running }: { running: PoolForecastObject['running'] }) {
  if (running.length === 0) return <Text size="sm">No job has workers.</Text>;
  return (
    <Table.ScrollContainer minWidth={520} type="native" tabIndex={0} role="region" aria-label="Jobs with workers">
      <Table>
        <Table.Thead>
          <Table.Tr>
            {['Job', 'State', 'Workers', 'Left, about'].map((name) => (
              <Table.Th key={name}>{name}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {running.map(({ job_id: id, model, state, workers, seconds_left: left }, index) => {
            const known = JOB_STATUSES.find((status) => status === state);
            return (
              <Table.Tr key={id ?? index}>
                <Table.Td>
                  <QueueJob id={id} model={model} />
                </Table.Td>
                <Table.Td>{known ? <StateBadge state={known} /> : state}</Table.Td>
                <Table.Td>{workers}</Table.Td>
                <Table.Td>{duration(left)}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
