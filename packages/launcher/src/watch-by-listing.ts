import type { Clock } from '@capstan/core';
import type { Launcher, RankObservation } from './launcher.ts';

export interface WatchOptions {
  clock: Clock;
  intervalMs: number;
  signal: AbortSignal;
}

/** Yields every rank as it is first seen, then whenever its phase or verdict differs from the last look. Ends with the signal. */
export async function* watchByListing(list: Launcher['list'], { clock, intervalMs, signal }: WatchOptions): AsyncIterable<RankObservation> {
  let seen = new Map<string, string>();
  while (!signal.aborted) {
    const observations = await list({ signal });
    const current = new Map(observations.map((observation) => [`${observation.name}/${observation.rank}`, stateOf(observation)]));
    for (const observation of observations) {
      if (signal.aborted) return;
      if (seen.get(`${observation.name}/${observation.rank}`) !== stateOf(observation)) yield observation;
    }
    seen = current;
    await clock.sleep(intervalMs, { signal }).catch(ignoreAbort(signal));
  }
}

function stateOf({ phase, reason, exitCode }: RankObservation): string {
  return `${phase} ${reason} ${exitCode}`;
}

function ignoreAbort(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
