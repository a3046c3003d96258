import { Table, Text } from '@mantine/core';
import { dateTime } from '../format.ts';
import { useAuditEvents } from '../queries/api-keys.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Section } from '../shell/section.tsx';

/** Who changed what, from what to what. */
export function AuditTrail() {
  return (
    <Section title="What operators changed">
      <Loaded query={useAuditEvents()}>
        {({ data }) =>
          data.length === 0 ? (
            <Text size="sm">Nothing yet.</Text>
          ) : (
            <Table.ScrollContainer minWidth={640} type="native" tabIndex={0} role="region" aria-label="Table of changes">
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    {['When', 'Who', 'What', 'Before', 'After'].map((heading) => (
                      <Table.Th key={heading}>{heading}</Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.map(({ id, created_at: at, key, action, subject, before, after }) => (
                    <Table.Tr key={id}>
                      <Table.Td>{dateTime(at)}</Table.Td>
                      <Table.Td>{key.name}</Table.Td>
                      <Table.Td>
                        {action} {subject}
                      </Table.Td>
                      <Table.Td className="wrap">{members(before)}</Table.Td>
                      <Table.Td className="wrap">{members(after)}</Table.Td>
                    </Table.Tr>
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

function members(state: Record<string, unknown>): string {
  const pairs = Object.entries(state).filter(([name]) => name !== 'version');
  return pairs.length === 0 ? '–' : pairs.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ');
}
