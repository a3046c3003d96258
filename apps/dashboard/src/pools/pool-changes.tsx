import { List, Text } from '@mantine/core';
import { dateTime } from '../format.ts';
import { usePoolEvents } from '../queries/pools.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Section } from '../shell/section.tsx';

const ACTORS: Record<string, string> = { autoscaler: 'Autoscaler', operator: 'Operator' };

/** What became of the pool, newest first: by the autoscaler in its own words, and by operators. */
export function PoolChanges({ pool }: { pool: string }) {
  return (
    <Section title="Changes">
      <Loaded query={usePoolEvents(pool)}>
        {({ data }) =>
          data.length === 0 ? (
            <Text size="sm">Nothing has changed yet.</Text>
          ) : (
            <List listStyleType="none" spacing="sm" aria-label="Changes">
              {data.map(({ id, created_at: at, actor, before, after, message }) => (
                <List.Item key={id}>
                  <Text size="sm" fw={600}>
                    {ACTORS[actor] ?? actor}
                    {before.max_workers !== after.max_workers && `: ${before.max_workers} → ${after.max_workers} workers`}
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
    </Section>
  );
}
