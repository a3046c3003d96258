import { forecastPool } from './forecast-pool.ts';

/** Seconds: likely, and if things go slowly. */
export interface Expectation {
  p50: number;
  p90: number;
}

export interface WaitingWork {
  id: string;
  workers: number;
  estimatedSeconds: number;
}

export interface RunningWork extends WaitingWork {
  /** Since its training began; 0 where it has not. */
  elapsedSeconds: number;
  /** By its own reports; null where it has made none. */
  secondsLeft: number | null;
}

/** What a pool runs and what waits for it, as far as its queue is known. */
export interface PoolWork {
  maxWorkers: number;
  /** What the pool may grow to; its size where it is left out. */
  mostWorkers?: number;
  paused: boolean;
  running: readonly RunningWork[];
  /** The head of the queue, in its order. */
  queued: readonly WaitingWork[];
  /** How long the pool's latest jobs took for each estimated second. */
  pace: Expectation;
}

/** Where nothing has ended yet to judge estimates by: as said, and half as long again. */
const NO_EXPERIENCE: Expectation = { p50: 1, p90: 1.5 };

/** The median and the ninth decile of what jobs took for each second that was estimated. */
export function measurePace(ended: readonly { tookSeconds: number; estimatedSeconds: number }[]): Expectation {
  const ratios = ended
    .flatMap(({ tookSeconds, estimatedSeconds }) => (estimatedSeconds > 0 ? [tookSeconds / estimatedSeconds] : []))
    .sort((a, b) => a - b);
  const at = (share: number) => ratios[Math.min(ratios.length - 1, Math.floor(ratios.length * share))];
  return { p50: at(0.5) ?? NO_EXPERIENCE.p50, p90: at(0.9) ?? NO_EXPERIENCE.p90 };
}

/** Seconds until each waiting job starts, in their order; null for those that never do as things stand. */
export function expectStarts(work: PoolWork): (Expectation | null)[] {
  const [likely, slow] = [startsAt(work, work.pace.p50), startsAt(work, work.pace.p90)];
  return likely.map((p50, index) => {
    const p90 = slow[index];
    return p50 === null || p90 == null ? null : { p50: Math.round(p50), p90: Math.round(Math.max(p50, p90)) };
  });
}

/** The same for one job that has `ahead` before it; behind the known head of the queue, jobs go on starting at the rate of that head. */
export function expectStart(work: PoolWork, ahead: number, job: WaitingWork): Expectation | null {
  const before = work.queued.filter(({ id }) => id !== job.id).slice(0, ahead);
  const own = expectStarts({ ...work, queued: [...before, job] }).at(-1) ?? null;
  if (own === null || before.length === 0) return own;
  const stretch = ahead / before.length;
  return { p50: Math.round(own.p50 * stretch), p90: Math.round(own.p90 * stretch) };
}

/** A running job knows best what is left of it; one that still starts has its whole estimate before it. */
export function secondsLeftOf({ secondsLeft, estimatedSeconds, elapsedSeconds }: RunningWork, pace: number): number {
  return secondsLeft ?? Math.max(0, Math.round(estimatedSeconds * pace - elapsedSeconds));
}

function startsAt({ running, queued, ...pool }: PoolWork, pace: number): (number | null)[] {
  return forecastPool({
    ...pool,
    running: running.map((job) => ({ ...job, seconds: secondsLeftOf(job, pace) })),
    queued: queued.map((job) => ({ ...job, seconds: job.estimatedSeconds * pace })),
  });
}
