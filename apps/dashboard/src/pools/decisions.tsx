import { List, Text } from '@mantine/core';
import { dateTime } from '../format.ts';
import { usePoolEvents } from '../queries/pools.ts';
import { Loaded } from '../shell/loaded.tsx';

/** What the autoscaler did, newest first, in its own words. */
export function Decisions({ pool }: { pool: string }) {
  return (
    <Loaded query={usePoolEvents(pool)}>
      {({ data }) =>
        data.length === 0 ? (
          <Text size="sm">It has changed nothing yet.</Text>
        ) : (
          <List listStyleType="none" spacing="sm" aria-label="Decisions">
            {data.map(({ id, created_at: at, before, after, message }) => (
              <List.Item key={id}>
                <Text size="sm" fw={600}>
                  {before.max_workers} → {after.max_workers} workers
                  <Text span size="xs" c="dimmed" fw={400} ml="xs">
                    {dateTime(at)}
                  </Text>
                </Text>
                <Text size="sm">{message}</Text>
              </List.Item>
            ))}
          </List>
        )
      }
    </Loaded>
  );
}
