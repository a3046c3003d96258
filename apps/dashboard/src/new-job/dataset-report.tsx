import { List, Text } from '@mantine/core';
import { bytes, count, percent } from '../format.ts';
import { useFileReport } from '../queries/files.ts';
import { Facts } from '../shell/facts.tsx';
import { Loaded } from '../shell/loaded.tsx';

/** What was found while the file was uploaded. */
export function DatasetReport({ id }: { id: string }) {
  return (
    <Loaded query={useFileReport(id)}>
      {({ rows, bytes: size, tokens, duplicates, notes }) => (
        <>
          <Facts
            facts={[
              ['Rows', count(rows)],
              ['Size', bytes(size)],
              ['Tokens in, median and largest', tokens === null ? '–' : `${count(tokens.source.p50)}, ${count(tokens.source.max)}`],
              ['Tokens out, median and largest', tokens === null ? '–' : `${count(tokens.target.p50)}, ${count(tokens.target.max)}`],
              ['Cut short', tokens === null ? '–' : percent(tokens.truncated_share)],
              ['Duplicates', `${count(duplicates.rows)} (${percent(duplicates.share)})`],
            ]}
            columns={3}
          />
          {notes.length > 0 && (
            <List size="sm">
              {notes.map((note) => (
                <List.Item key={note}>
                  <Text size="sm">{note}</Text>
                </List.Item>
              ))}
            </List>
          )}
        </>
      )}
    </Loaded>
  );
}
