import { Table, Text } from '@mantine/core';
import { count, dateTime, figure } from '../format.ts';
import { useCheckpoints } from '../queries/job-records.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Section } from '../shell/section.tsx';

/** What a paused or failed run goes on from. */
export function CheckpointsTable({ id }: { id: string }) {
  return (
    <Section title="Checkpoints">
      <Loaded query={useCheckpoints(id)}>
        {({ data }) =>
          data.length === 0 ? (
            <Text size="sm">None has been saved yet.</Text>
          ) : (
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Step</Table.Th>
                  <Table.Th>Train loss</Table.Th>
                  <Table.Th>Eval loss</Table.Th>
                  <Table.Th>Saved</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.map(({ id: checkpoint, step_number: step, metrics, created_at: at }) => (
                  <Table.Tr key={checkpoint}>
                    <Table.Td>{count(step)}</Table.Td>
                    <Table.Td>{figure(metrics.train_loss)}</Table.Td>
                    <Table.Td>{figure(metrics.valid_loss ?? metrics.full_valid_loss)}</Table.Td>
                    <Table.Td>{dateTime(at)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Loaded>
    </Section>
  );
}
