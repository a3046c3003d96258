import type { Clock } from '@capstan/core';

/**
 * Since when this scheduler has been able to hear heartbeats without a gap. After a restart, a database outage or a suspended machine
 * every stored heartbeat is old, and that says nothing about the ranks.
 */
export interface Listening {
  since(): Date;
  /** Called by each look at the database that worked. */
  heard(): void;
}

export function createListening(clock: Clock, longestGapMs: number): Listening {
  let since = clock.now();
  let lastHeardAt = since;
  return {
    since: () => since,
    heard() {
      const now = clock.now();
      if (now.getTime() - lastHeardAt.getTime() > longestGapMs) since = now;
      lastHeardAt = now;
    },
  };
}
