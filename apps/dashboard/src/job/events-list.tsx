import { ScrollArea, Text, Timeline } from '@mantine/core';
import { dateTime } from '../format.ts';
import { useEvents } from '../queries/job-records.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Section } from '../shell/section.tsx';

const COLORS = { info: 'blue', warn: 'orange', error: 'red' };

/** What happened, the latest first. */
export function EventsList({ id }: { id: string }) {
  return (
    <Section title="Events">
      <ScrollArea.Autosize mah={420} viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': 'Events' }}>
        <Loaded query={useEvents(id)}>
          {({ data }) => (
            <Timeline bulletSize={12} lineWidth={2} active={data.length}>
              {data.map(({ id: event, level, message, created_at: at }) => (
                <Timeline.Item key={event} color={COLORS[level]}>
                  <Text size="sm" className="wrap">
                    {message}
                  </Text>
                  <Text size="xs" c="dimmed">
                    {level === 'info' ? '' : `${level} · `}
                    {dateTime(at)}
                  </Text>
                </Timeline.Item>
              ))}
            </Timeline>
          )}
        </Loaded>
      </ScrollArea.Autosize>
    </Section>
  );
}
