import type { PoolForecastObject } from '@capstan/core';
import { Button, Group, Table, Text } from '@mantine/core';
import { browserClock } from '../browser-clock.ts';
import { ago, count, expectedStart } from '../format.ts';
import { QueueJob } from './queue-job.tsx';
import { QueuedJobActions } from './queued-job-actions.tsx';
import { QueuedPriority } from './queued-priority.tsx';

interface QueueTableProps {
  forecast: PoolForecastObject;
  isLoading: boolean;
  /** Null where no more can be shown. */
  onMore: (() => void) | null;
}

/** The head of the queue, in the order in which it starts. */
export function QueueTable({ forecast: { queue, queued }, isLoading, onMore }: QueueTableProps) {
  if (queued === 0) return <Text size="sm">No job waits.</Text>;
  return (
    <>
      <Table.ScrollContainer minWidth={640} type="native" tabIndex={0} role="region" aria-label="Queue">
        <Table>
          <Table.Thead>
            <Table.Tr>
              {['Place', 'Job', 'Expected start', 'Workers', 'Priority', 'Queued', 'Actions'].map((name) => (
                <Table.Th key={name}>{name}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {queue.map(({ position, job_id: id, model, workers, priority, queued_at: at, starts_in_seconds: start }) => (
              <Table.Tr key={id ?? position}>
                <Table.Td>{position}</Table.Td>
                <Table.Td>
                  <QueueJob id={id} model={model} />
                </Table.Td>
                <Table.Td>{expectedStart(start)}</Table.Td>
                <Table.Td>{workers}</Table.Td>
                <Table.Td>
                  <QueuedPriority id={id} priority={priority} />
                </Table.Td>
                <Table.Td>{ago(at, browserClock.now())}</Table.Td>
                <Table.Td>
                  <Group gap="xs">{id !== null && <QueuedJobActions id={id} />}</Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {queued > queue.length && (
        <Group>
          <Text size="sm">… and {count(queued - queue.length)} more behind them.</Text>
          {onMore && (
            <Button size="compact-sm" variant="default" loading={isLoading} onClick={onMore}>
              Show more
            </Button>
          )}
        </Group>
      )}
    </>
  );
}
