import type { AuditEventObject } from '@capstan/core';
import { Table, Text } from '@mantine/core';
import { dateTime } from '../format.ts';
import { useAuditEvents } from '../queries/api-keys.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Section } from '../shell/section.tsx';
import { changeTexts } from './change-texts.ts';

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
                  {data.map((event) => (
                    <AuditRow key={event.id} event={event} />
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

function AuditRow({ event: { created_at: at, key, action, subject, before, after } }: { event: AuditEventObject }) {
  const texts = changeTexts(before, after);
  return (
    <Table.Tr>
      <Table.Td className="whole">{dateTime(at)}</Table.Td>
      <Table.Td>{key.name}</Table.Td>
      <Table.Td>
        {action} {subject}
      </Table.Td>
      <Table.Td className="wrap">{texts.before}</Table.Td>
      <Table.Td className="wrap">{texts.after}</Table.Td>
    </Table.Tr>
  );
}
