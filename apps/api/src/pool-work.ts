import { type Clock, type FineTuningJob, measurePace, mostWorkers, type Pool, type PoolWork } from '@capstan/core';
import type { Database, HoldingJob, WaitingJob } from '@capstan/db';

/** What a pool has at work, with all that is shown of it. */
export interface PoolWorkFacts extends PoolWork {
  running: (PoolWork['running'][number] & HoldingJob)[];
  queued: WaitingJob[];
}

const MOST_RUNNING = 1_000;

/** What the pool runs and the first `head` jobs of its queue; `recent` are those by whose pace the others are judged. */
export async function readPoolWork(
  { db, clock }: { db: Database; clock: Clock },
  pool: Pick<Pool, 'id' | 'maxWorkers' | 'paused' | 'autoscale'>,
  { head, recent }: { head: number; recent: readonly FineTuningJob[] },
): Promise<PoolWorkFacts> {
  const [holding, queued] = await Promise.all([db.jobs.listHolding(pool.id, MOST_RUNNING), db.jobs.listWaiting(pool.id, head)]);
  const now = clock.now().getTime();
  const running = holding.map((job) => ({
    ...job,
    elapsedSeconds: job.startedAt ? (now - job.startedAt.getTime()) / 1000 : 0,
    secondsLeft: job.etaMs === null ? null : Math.round(job.etaMs / 1000),
  }));
  const { maxWorkers, paused } = pool;
  return { maxWorkers, mostWorkers: mostWorkers(pool), paused, running, queued, pace: measurePace(recent.flatMap(pastOf)) };
}

function pastOf({ startedAt, finishedAt, estimate }: FineTuningJob) {
  if (!startedAt || !finishedAt) return [];
  return [{ tookSeconds: (finishedAt.getTime() - startedAt.getTime()) / 1000, estimatedSeconds: estimate.seconds }];
}
