import type { OverviewObject } from '@capstan/core';
import { Group, Stack, Text, Tooltip } from '@mantine/core';
import { amount, clockTime, duration } from '../format.ts';

type Hour = OverviewObject['hours'][number];
const HEIGHT_PX = 90;

/** Rows of bars, an hour each: how many jobs came, how many waited, and for how long. */
export function HoursChart({ hours }: { hours: readonly Hour[] }) {
  return (
    <Stack gap="md">
      <Bars title="Submitted in an hour" hours={hours} amountOf={({ created }) => created} textOf={jobs} />
      <Bars title="Waiting at the end of an hour" hours={hours} amountOf={({ queued }) => queued} textOf={jobs} />
      <Bars title="Median wait for the first start" hours={hours} amountOf={({ wait_seconds: wait }) => wait ?? 0} textOf={duration} />
    </Stack>
  );
}

const jobs = (number: number) => amount(number, 'job');

interface BarsProps {
  title: string;
  hours: readonly Hour[];
  amountOf: (hour: Hour) => number;
  textOf: (amount: number) => string;
}

function Bars({ title, hours, amountOf, textOf }: BarsProps) {
  const most = Math.max(...hours.map(amountOf), 0);
  return (
    <div>
      <Group justify="space-between" gap={0}>
        <Text size="xs" fw={600}>
          {title}
        </Text>
        <Text size="xs" c="dimmed">
          at most {textOf(most)}
        </Text>
      </Group>
      <Group
        gap={2}
        align="flex-end"
        wrap="nowrap"
        h={HEIGHT_PX}
        role="img"
        aria-label={`${title}: at most ${textOf(most)}`}
        className="bars"
      >
        {hours.map((hour) => (
          <Tooltip key={hour.start} label={`${clockTime(hour.start)}: ${textOf(amountOf(hour))}`}>
            <div className="bar" style={{ height: `${most === 0 ? 1 : Math.max(1, (100 * amountOf(hour)) / most)}%` }} />
          </Tooltip>
        ))}
      </Group>
      <Group justify="space-between">
        <Text size="xs" c="dimmed">
          {clockTime(hours[0]?.start ?? 0)}
        </Text>
        <Text size="xs" c="dimmed">
          now
        </Text>
      </Group>
    </div>
  );
}
