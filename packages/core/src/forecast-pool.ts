/** A job as a forecast sees it: how many slots, and for how long. */
export interface ForecastJob {
  id: string;
  workers: number;
  /** What is left of it where it runs, what it will take where it waits. */
  seconds: number;
}

export interface PoolOutlook {
  maxWorkers: number;
  /** What it may grow to; its size where it is left out. */
  mostWorkers?: number;
  paused: boolean;
  running: readonly ForecastJob[];
  /** In the order in which they start. */
  queued: readonly ForecastJob[];
}

/**
 * Seconds until each queued job starts, in their order; null for those that never do as things stand. It plays the dispatcher's rule: strictly
 * in order, the next one only when the pool has room for all of its workers, so a wide job holds up those behind it. One that is wider than the
 * pool may ever be is passed.
 */
export function forecastPool({ maxWorkers, mostWorkers = maxWorkers, paused, running, queued }: PoolOutlook): (number | null)[] {
  if (paused) return queued.map(() => null);
  const ends = running.map(({ workers, seconds }) => ({ at: seconds, workers })).sort(byEnd);
  let free = maxWorkers - ends.reduce((sum, { workers }) => sum + workers, 0);
  let now = 0;
  let isStuck = false;
  return queued.map(({ workers, seconds }) => {
    if (workers > mostWorkers) return null;
    while (!isStuck && free < workers) {
      const next = ends.shift();
      if (next === undefined) isStuck = true;
      else {
        now = Math.max(now, next.at);
        free += next.workers;
      }
    }
    if (isStuck) return null;
    free -= workers;
    insert(ends, { at: now + seconds, workers });
    return now;
  });
}

interface End {
  at: number;
  workers: number;
}

function byEnd(a: End, b: End): number {
  return a.at - b.at;
}

function insert(ends: End[], end: End): void {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] as End).at <= end.at) low = middle + 1;
    else high = middle;
  }
  ends.splice(low, 0, end);
}
