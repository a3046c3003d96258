import { ACTIVE_STATUSES, billedUnits, type FineTuningJob, forecastPool, type Pool, type PoolForecastObject } from '@capstan/core';
import type { WaitingJob } from '@capstan/db';
import type { ApiContext } from './api-context.ts';
import { unixTime } from './rest/unix-time.ts';

type ForecastContext = Pick<ApiContext, 'db' | 'lookups' | 'clock'>;

/** As far as people read a queue; the rest is a number. */
const HEAD_OF_QUEUE = 200;
const MOST_RUNNING = 1_000;
/** Where nothing has ended yet to judge estimates by: as said, and half as long again. */
const NO_EXPERIENCE = { p50: 1, p90: 1.5 };

/** When each job at the head of the pool's queue starts, as the pool is or as `pool` supposes it. Jobs of other projects have no name. */
export async function forecast(context: ForecastContext, pool: Pool, projectId: string): Promise<PoolForecastObject> {
  const { db, lookups, clock } = context;
  const [{ jobs: running }, queued, usage, recent] = await Promise.all([
    db.jobs.list({ poolId: pool.id, states: ACTIVE_STATUSES, limit: MOST_RUNNING }),
    db.jobs.listWaiting(pool.id, HEAD_OF_QUEUE),
    db.pools.usage(pool.id),
    lookups.recentJobs(pool.id),
  ]);
  const now = clock.now();
  const pace = paceOf(recent);
  const startsAt = (factor: number) =>
    forecastPool({
      ...pool,
      running: running.map((job) => ({ ...slotsOf(job), seconds: secondsLeft(job, factor, now) })),
      queued: queued.map(({ id, workers, estimatedSeconds }) => ({ id, workers, seconds: estimatedSeconds * factor })),
    });
  const [likely, slow] = [startsAt(pace.p50), startsAt(pace.p90)];
  const common = ({ id, model, workers, priority, ...job }: Omit<WaitingJob, 'queuedAt' | 'estimatedSeconds'>) => {
    const isOwn = job.projectId === projectId;
    return { job_id: isOwn ? id : null, model: isOwn ? model : null, workers, priority };
  };
  const starting = queued.filter((_job, index) => likely[index] === 0);
  const workers = sumOf(running.map(slotsOf)) + sumOf(starting);
  return {
    object: 'pool.forecast',
    pool: pool.id,
    max_workers: pool.maxWorkers,
    paused: pool.paused,
    running: running.map((job) => ({
      ...common({ ...job, ...slotsOf(job) }),
      state: job.status,
      seconds_left: secondsLeft(job, pace.p50, now),
    })),
    queue: queued.map((job, index) => ({
      ...common(job),
      position: index + 1,
      queued_at: unixTime(job.queuedAt),
      starts_in_seconds: startOf(likely[index], slow[index]),
    })),
    queued: usage.queued,
    starting: starting.length,
    workers,
    cost_per_hour: billedUnits(pool, workers) * pool.pricePerGpuHour * Math.sign(workers),
  };
}

function slotsOf({ id, spec }: FineTuningJob) {
  return { id, model: spec.model, workers: spec.resources.workers };
}

function sumOf(jobs: readonly { workers: number }[]): number {
  return jobs.reduce((sum, { workers }) => sum + workers, 0);
}

function startOf(p50: number | null | undefined, p90: number | null | undefined) {
  return p50 == null || p90 == null ? null : { p50: Math.round(p50), p90: Math.round(Math.max(p50, p90)) };
}

/** A running job knows best what is left of it; one that still starts has its whole estimate before it. */
function secondsLeft(job: FineTuningJob, factor: number, now: Date): number {
  if (job.progress?.etaMs != null) return Math.round(job.progress.etaMs / 1000);
  const elapsed = job.startedAt ? (now.getTime() - job.startedAt.getTime()) / 1000 : 0;
  return Math.max(0, Math.round(job.estimate.seconds * factor - elapsed));
}

/** How long the pool's latest jobs took for each estimated second. */
function paceOf(recent: readonly FineTuningJob[]): { p50: number; p90: number } {
  const ratios = recent
    .flatMap(({ startedAt, finishedAt, estimate }) =>
      startedAt && finishedAt && estimate.seconds > 0 ? [(finishedAt.getTime() - startedAt.getTime()) / 1000 / estimate.seconds] : [],
    )
    .sort((a, b) => a - b);
  const at = (share: number) => ratios[Math.min(ratios.length - 1, Math.floor(ratios.length * share))];
  return { p50: at(0.5) ?? NO_EXPERIENCE.p50, p90: at(0.9) ?? NO_EXPERIENCE.p90 };
}
