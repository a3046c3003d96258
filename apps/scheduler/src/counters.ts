/** What a scheduler has done since it started; every number only grows. Exported for the metrics endpoint. */
const COUNTERS = [
  'launches',
  'launchFailures',
  'relaunches',
  'entriesDropped',
  'attemptsFailed',
  'jobsFailed',
  'jobsSucceeded',
  'heartbeatsLost',
  'reportsStored',
  'staleRefusals',
  'entriesRestored',
  'entriesRemoved',
  'reservationsReleased',
  'orphanRanksStopped',
  'finishedRanksRemoved',
  'checkpointsPruned',
  'servingStarts',
  'servingCrashes',
  'servingRefusals',
] as const;
export type Counters = Record<(typeof COUNTERS)[number], number>;

export function createCounters(): Counters {
  return Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Counters;
}
