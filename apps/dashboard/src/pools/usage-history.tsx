import type { PoolUsageObject } from '@capstan/core';
import { SegmentedControl, Text } from '@mantine/core';
import { useState } from 'react';
import { CurvePlot } from '../curves/curve-plot.tsx';
import { count } from '../format.ts';
import { usePoolUsage } from '../queries/pools.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Section } from '../shell/section.tsx';

const PERIODS = [
  { value: '1', label: '1 h' },
  { value: '6', label: '6 h' },
  { value: '24', label: '24 h' },
  { value: '168', label: '7 d' },
];
const HEIGHT_PX = 220;

/** What the pool's jobs held, from the ledger of their launches. */
export function UsageHistory({ pool }: { pool: string }) {
  const [hours, setHours] = useState('24');
  const usage = usePoolUsage(pool, Number(hours));
  const choice = <SegmentedControl aria-label="Period" size="xs" data={PERIODS} value={hours} onChange={setHours} />;
  return (
    <Section title="Use over time" actions={choice}>
      <Loaded query={usage}>{(history) => <UsagePlot history={history} />}</Loaded>
    </Section>
  );
}

function UsagePlot({ history: { unit, data } }: { history: PoolUsageObject }) {
  const things = unit === 'gpu' ? 'GPUs' : 'Workers';
  const most = Math.max(0, ...data.map(({ peak }) => peak));
  if (most === 0) return <Text size="sm">Nothing has run in this time.</Text>;
  return (
    <CurvePlot
      label={`${things} in use, at most ${count(most)}`}
      steps={data.map(({ start }) => start)}
      lines={[
        { name: 'average', values: data.map(({ average }) => average), hue: 0, kind: 'line' },
        { name: 'peak', values: data.map(({ peak }) => peak), hue: 1, kind: 'line' },
      ]}
      height={HEIGHT_PX}
      isTime
    />
  );
}
