import type { AttemptObject } from '@capstan/core';
import { Table, Text } from '@mantine/core';
import { browserClock } from '../browser-clock.ts';
import { count, dollars, duration } from '../format.ts';
import { useAttempts } from '../queries/job-records.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Section } from '../shell/section.tsx';

/** Every launch: how it ended, and what of it was lost. */
export function AttemptsTable({ id }: { id: string }) {
  return (
    <Section title="Attempts">
      <Loaded query={useAttempts(id)}>
        {({ data }) =>
          data.length === 0 ? (
            <Text size="sm">It has not been launched yet.</Text>
          ) : (
            <Table.ScrollContainer minWidth={420} type="native" tabIndex={0} role="region" aria-label="Table of attempts">
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    {['', 'Ended', 'Ran', 'Last step', 'Lost', 'Cost'].map((name) => (
                      <Table.Th key={name} aria-label={name || 'Attempt'}>
                        {name}
                      </Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.map((attempt) => (
                    <AttemptRow key={attempt.attempt} attempt={attempt} />
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </Loaded>
    </Section>
  );
}

function AttemptRow({ attempt }: { attempt: AttemptObject }) {
  const { state, reason, message, launched_at: launched, ended_at: ended, last_step: lastStep, lost_steps: lost, cost_usd: cost } = attempt;
  const end = ended ?? browserClock.now().getTime() / 1000;
  return (
    <Table.Tr>
      <Table.Td>{attempt.attempt}</Table.Td>
      <Table.Td>
        {state === 'ended' ? (reason ?? 'as it should') : 'still runs'}
        {message !== null && (
          <Text size="xs" c="dimmed" className="wrap">
            {message}
          </Text>
        )}
      </Table.Td>
      <Table.Td>{launched === null ? '–' : duration(end - launched)}</Table.Td>
      <Table.Td>{lastStep === null ? '–' : count(lastStep)}</Table.Td>
      <Table.Td>{lost === null ? '–' : `${count(lost)} steps`}</Table.Td>
      <Table.Td>{cost === null ? '–' : dollars(cost)}</Table.Td>
    </Table.Tr>
  );
}
