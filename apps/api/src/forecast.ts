import { billedUnits, expectStarts, LONGEST_FORECAST, type Pool, type PoolForecastObject, secondsLeftOf } from '@capstan/core';
import type { WaitingJob } from '@capstan/db';
import type { ApiContext } from './api-context.ts';
import { readPoolWork } from './pool-work.ts';
import { unixTime } from './rest/unix-time.ts';

type ForecastContext = Pick<ApiContext, 'db' | 'lookups' | 'clock'>;

interface Question {
  pool: Pool;
  projectId: string;
  /** Jobs of the queue that are shown. */
  limit: number;
}

/** When each job at the head of the pool's queue starts, as the pool is or as `pool` supposes it. Jobs of other projects have no name. */
export async function forecast(context: ForecastContext, { pool, projectId, limit }: Question): Promise<PoolForecastObject> {
  const { lookups } = context;
  const recent = await lookups.recentJobs(pool.id);
  // No more than its workers can start at once.
  const head = Math.max(limit, Math.min(pool.maxWorkers, LONGEST_FORECAST));
  const [work, usage] = await Promise.all([readPoolWork(context, pool, { head, recent }), lookups.usage(pool.id)]);
  const starts = expectStarts(work);
  const common = ({ id, model, workers, priority, ...job }: Omit<WaitingJob, 'queuedAt' | 'notBefore' | 'estimatedSeconds'>) => {
    const isOwn = job.projectId === projectId;
    return { job_id: isOwn ? id : null, model: isOwn ? model : null, workers, priority };
  };
  const starting = work.queued.filter((_job, index) => starts[index]?.p50 === 0);
  const workers = sumOf(work.running) + sumOf(starting);
  return {
    object: 'pool.forecast',
    pool: pool.id,
    max_workers: pool.maxWorkers,
    paused: pool.paused,
    running: work.running.map((job) => ({ ...common(job), state: job.status, seconds_left: secondsLeftOf(job, work.pace.p50) })),
    queue: work.queued.slice(0, limit).map((job, index) => ({
      ...common(job),
      position: index + 1,
      queued_at: unixTime(job.queuedAt),
      starts_in_seconds: starts[index] ?? null,
    })),
    queued: usage.queued,
    starting: starting.length,
    workers,
    cost_per_hour: billedUnits(pool, workers) * pool.pricePerGpuHour * Math.sign(workers),
  };
}

function sumOf(jobs: readonly { workers: number }[]): number {
  return jobs.reduce((sum, { workers }) => sum + workers, 0);
}
