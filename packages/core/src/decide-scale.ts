import { type ForecastJob, forecastPool } from './forecast-pool.ts';
import type { Pool } from './pool.ts';

/** Why the autoscaler changed a pool: a closed set, for programs. */
export const SCALE_REASONS = ['BelowFloor', 'AboveCeiling', 'QueueWaitsTooLong', 'Idle'] as const;
export type ScaleReason = (typeof SCALE_REASONS)[number];

/** A pool as the autoscaler sees it at `now`. */
export interface ScaleOutlook {
  pool: Pick<Pool, 'maxWorkers' | 'paused' | 'autoscale'>;
  running: readonly ForecastJob[];
  /** The head of the queue, in its order; those further back come to it, and have then waited. */
  queued: readonly (ForecastJob & { waitedSeconds: number })[];
  /** Workers that jobs hold. */
  inUse: number;
  /** The most that they held at once during the cool-down. */
  peakInUse: number;
  /** Of the last change of size, whoever made it. */
  scaledAt: Date | null;
  now: Date;
}

export interface ScaleDecision {
  workers: number;
  reason: ScaleReason;
  message: string;
}

/**
 * The size that the pool should have instead of its own, and why; null where it should stay. It grows to the smallest size with which the queue
 * waits no longer than the target, as far as the ceiling allows, and shrinks to what was used during the cool-down once nothing waits. Between
 * two changes lies the cool-down, so what a change brings about is seen before the next; only the bounds of the policy hold at once.
 */
export function decideScale(outlook: ScaleOutlook): ScaleDecision | null {
  const { pool, scaledAt, now } = outlook;
  if (!pool.autoscale.enabled || pool.paused) return null;
  const bounded = keepBounds(outlook);
  if (bounded !== null) return bounded;
  if (scaledAt !== null && now.getTime() - scaledAt.getTime() < pool.autoscale.coolDownSeconds * 1_000) return null;
  return scaleUp(outlook) ?? scaleDown(outlook);
}

function keepBounds({ pool: { maxWorkers, autoscale }, inUse }: ScaleOutlook): ScaleDecision | null {
  const { floor, ceiling } = autoscale;
  if (maxWorkers < floor) return { workers: floor, reason: 'BelowFloor', message: `The policy keeps at least ${workersText(floor)}.` };
  const most = Math.max(ceiling, inUse);
  if (maxWorkers <= most) return null;
  const inTheWay = inUse > ceiling ? `; ${inUse} are in use` : '';
  return { workers: most, reason: 'AboveCeiling', message: `The policy allows at most ${workersText(ceiling)}${inTheWay}.` };
}

/** More slots never make a job start later, so the smallest size that is as good as the ceiling is found by halving. */
function scaleUp(outlook: ScaleOutlook): ScaleDecision | null {
  const { maxWorkers, autoscale } = outlook.pool;
  if (startable(outlook).length === 0) return null;
  const best = lateness(outlook, autoscale.ceiling);
  if (lateness(outlook, maxWorkers) <= best) return null;
  let [low, high] = [maxWorkers, autoscale.ceiling];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (lateness(outlook, middle) <= best) high = middle;
    else low = middle;
  }
  const [before, after] = [longestWait(outlook, maxWorkers), longestWait(outlook, high)];
  const problem = before === Number.POSITIVE_INFINITY ? 'a job that waits is wider than the pool' : `jobs wait up to ${timeText(before)}`;
  const target = `the target is ${timeText(autoscale.targetWaitSeconds)}`;
  const message = `With ${workersText(maxWorkers)} ${problem}, and ${target}: ${workersText(high)} make it ${timeText(after)}.`;
  return { workers: high, reason: 'QueueWaitsTooLong', message };
}

function scaleDown(outlook: ScaleOutlook): ScaleDecision | null {
  const { pool, inUse, peakInUse } = outlook;
  const workers = Math.max(pool.autoscale.floor, inUse, peakInUse);
  if (startable(outlook).length > 0 || workers >= pool.maxWorkers) return null;
  const used = peakInUse === 0 ? 'no worker was' : `no more than ${workersText(peakInUse)} ${peakInUse === 1 ? 'was' : 'were'}`;
  return { workers, reason: 'Idle', message: `No job waits, and ${used} in use in the last ${timeText(pool.autoscale.coolDownSeconds)}.` };
}

/** What the ceiling lets start at all: a job that is wider is passed by those behind it, whatever the size. */
function startable({ queued, pool }: ScaleOutlook): ScaleOutlook['queued'] {
  return queued.filter(({ workers }) => workers <= pool.autoscale.ceiling);
}

/** Seconds that each startable job still waits with so many workers; what runs is taken to need one more second at least. */
function starts(outlook: ScaleOutlook, maxWorkers: number): number[] {
  const running = outlook.running.map((job) => ({ ...job, seconds: Math.max(1, job.seconds) }));
  const times = forecastPool({
    maxWorkers,
    mostWorkers: outlook.pool.autoscale.ceiling,
    paused: false,
    running,
    queued: startable(outlook),
  });
  return times.map((time) => time ?? Number.POSITIVE_INFINITY);
}

/** The sum of what jobs wait beyond the target; one that is late already should start at once. */
function lateness(outlook: ScaleOutlook, maxWorkers: number): number {
  const { targetWaitSeconds } = outlook.pool.autoscale;
  const jobs = startable(outlook);
  return starts(outlook, maxWorkers).reduce((sum, time, index) => {
    const patience = Math.max(0, targetWaitSeconds - (jobs[index]?.waitedSeconds ?? 0));
    return sum + Math.max(0, time - patience);
  }, 0);
}

function longestWait(outlook: ScaleOutlook, maxWorkers: number): number {
  const jobs = startable(outlook);
  return Math.max(0, ...starts(outlook, maxWorkers).map((time, index) => time + (jobs[index]?.waitedSeconds ?? 0)));
}

function workersText(count: number): string {
  return count === 1 ? '1 worker' : `${count} workers`;
}

function timeText(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
