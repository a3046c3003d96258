import { LONGEST_FORECAST } from '@capstan/core';
import { Group, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { useForecast, usePools } from '../queries/pools.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Page } from '../shell/page.tsx';
import { Section } from '../shell/section.tsx';
import { QueueControls } from './queue-controls.tsx';
import { QueueTable } from './queue-table.tsx';
import { RunningTable } from './running-table.tsx';

/** As many as a screen shows. */
const FIRST_PLACES = 20;
const GROWTH = 5;

/** What each pool runs, what waits for it in which order, and when that starts. */
export function QueuesPage() {
  const [parameters, setParameters] = useSearchParams();
  const pools = usePools();
  return (
    <Page title="Queues">
      <Loaded query={pools}>
        {({ data }) => {
          const chosen = parameters.get('pool') ?? data[0]?.id;
          if (chosen === undefined) return <Text>There is no pool yet.</Text>;
          const pool = data.find(({ id }) => id === chosen);
          return (
            <Stack>
              <Group align="flex-end">
                <Select
                  label="Pool"
                  maw={300}
                  allowDeselect={false}
                  data={data.map(({ id }) => id)}
                  value={chosen}
                  onChange={(value) => value !== null && setParameters({ pool: value })}
                />
                {pool && <QueueControls pool={pool} />}
              </Group>
              <Queue key={chosen} pool={chosen} />
            </Stack>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Queue({ pool }: { pool: string }) {
  const [limit, setLimit] = useState(FIRST_PLACES);
  const forecastQuery = useForecast(pool, { limit });
  return (
    <Loaded query={forecastQuery}>
      {(forecast) => (
        <>
          {forecast.paused && <Text fw={600}>The queue is paused: nothing of it starts until an operator resumes it.</Text>}
          <Section title={`Waiting (${forecast.queued})`}>
            <QueueTable
              forecast={forecast}
              isLoading={forecastQuery.isPlaceholderData}
              onMore={limit < LONGEST_FORECAST ? () => setLimit(Math.min(LONGEST_FORECAST, limit * GROWTH)) : null}
            />
          </Section>
          <Section title={`With workers (${forecast.running.length})`}>
            <RunningTable running={forecast.running} />
          </Section>
        </>
      )}
    </Loaded>
  );
}
