import { decideScale, measurePace, type Pool, type ScaleOutlook, secondsLeftOf } from '@capstan/core';
import type { SchedulerContext } from './scheduler-context.ts';

type AutoscaleContext = Pick<SchedulerContext, 'db' | 'clock' | 'logger' | 'metrics'>;

const ACTOR = 'autoscaler';
/** As far as a queue is looked into: those further back are seen when they come up. */
const HEAD_OF_QUEUE = 1_000;
const MOST_RUNNING = 1_000;
/** Successes by whose pace estimates are judged. */
const RECENT_JOBS = 10;

/** Gives every pool whose policy is on the size that it should have now. Of several schedulers one changes a pool, and the others see it done. */
export async function autoscalePools(context: AutoscaleContext): Promise<void> {
  const { db, logger } = context;
  for (const pool of await db.pools.list()) {
    if (!pool.autoscale.enabled || pool.paused) continue;
    await autoscalePool(pool, context).catch((err: unknown) =>
      logger.warn({ err, poolId: pool.id }, 'a pool was not scaled and will be looked at again'),
    );
  }
}

async function autoscalePool(pool: Pool, context: AutoscaleContext): Promise<void> {
  const decision = decideScale(await readOutlook(pool, context));
  if (decision === null) return;
  const scaled = await context.db.pools.scale(pool, { ...decision, actor: ACTOR });
  if (scaled === null) return;
  context.metrics.poolScalings.inc({ pool: pool.id, direction: decision.workers > pool.maxWorkers ? 'up' : 'down' });
  context.logger.info({ poolId: pool.id, from: pool.maxWorkers, to: decision.workers, reason: decision.reason }, 'a pool was scaled');
}

async function readOutlook(pool: Pool, { db, clock }: AutoscaleContext): Promise<ScaleOutlook> {
  const now = clock.now();
  const [holding, waiting, recent, facts] = await Promise.all([
    db.jobs.listHolding(pool.id, MOST_RUNNING),
    db.jobs.listWaiting(pool.id, HEAD_OF_QUEUE),
    db.jobs.list({ poolId: pool.id, states: ['succeeded'], limit: RECENT_JOBS }),
    db.pools.scaleFacts(pool.id, new Date(now.getTime() - pool.autoscale.coolDownSeconds * 1_000)),
  ]);
  const since = (at: Date | null) => (at === null ? 0 : (now.getTime() - at.getTime()) / 1_000);
  const pace = measurePace(
    recent.jobs.map(({ startedAt, finishedAt, estimate }) => ({
      tookSeconds: since(startedAt) - since(finishedAt),
      estimatedSeconds: startedAt === null ? 0 : estimate.seconds,
    })),
  ).p50;
  return {
    ...{ pool, ...facts, now },
    running: holding.map(({ startedAt, etaMs, ...job }) => {
      const secondsLeft = etaMs === null ? null : etaMs / 1_000;
      return { ...job, seconds: secondsLeftOf({ ...job, secondsLeft, elapsedSeconds: since(startedAt) }, pace) };
    }),
    // A job that backs off holds up nobody, and no worker would make it start earlier.
    queued: waiting
      .filter(({ notBefore }) => notBefore === null || notBefore <= now)
      .map((job) => ({ ...job, seconds: job.estimatedSeconds * pace, waitedSeconds: since(job.queuedAt) })),
  };
}
