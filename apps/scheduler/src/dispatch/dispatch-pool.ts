import type { QueueEntry } from '@capstan/queue';
import { launchAttempt } from '../attempts/launch-attempt.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import type { Wakeup } from '../wakeup.ts';
import { launchEntry } from './launch-entry.ts';

/**
 * A job's row is committed, and its change announced, before its entry is added: an empty queue is looked at again after these pauses,
 * in milliseconds, so that a new job does not wait for the next tick.
 */
const ENTRY_FOLLOWS_MS = [2, 5, 10, 20, 50];

/**
 * Launches what the pool's queue holds, in its order, as long as there is room, until the signal aborts. The head of the queue is never
 * overtaken: a gang that waits for room would otherwise wait for ever behind a stream of smaller jobs.
 */
export async function dispatchPool(poolId: string, wakeup: Wakeup, context: SchedulerContext, signal: AbortSignal): Promise<void> {
  const launches = new Set<Promise<void>>();
  let wasCalled = false;
  while (!signal.aborted) {
    try {
      await fillPool(poolId, { launches, isEntryComing: wasCalled }, context, signal);
    } catch (error) {
      if (!signal.aborted) context.logger.warn({ err: error, poolId }, 'dispatch failed and will be tried again');
    }
    wasCalled = await wakeup.wait(context.settings.dispatchIntervalMs, { signal });
  }
  await Promise.all(launches);
}

interface FillOptions {
  launches: Set<Promise<void>>;
  /** Somebody announced a job, so that an empty queue is worth a second look. */
  isEntryComing: boolean;
}

async function fillPool(poolId: string, { launches, isEntryComing }: FillOptions, context: SchedulerContext, signal: AbortSignal) {
  while (!signal.aborted) {
    if (launches.size >= context.settings.launchConcurrency) await Promise.race(launches);
    const head = isEntryComing ? await awaitHead(poolId, context, signal) : await context.queue.peek(poolId, context.clock.now());
    if (head === null || !(await hasRoomFor(head, poolId, context))) return;
    const entry = await context.queue.takeNext(poolId);
    if (entry === null) return;
    const outcome = await launchEntry(entry, poolId, context);
    if (outcome.type === 'full') return;
    if (outcome.type === 'dropped') continue;
    const launch = launchAttempt(outcome.job, context, { signal })
      .then(() => entry.complete())
      .catch((error: unknown) => context.logger.warn({ err: error, jobId: entry.jobId }, 'launch left to reconcile'))
      .finally(() => launches.delete(launch));
    launches.add(launch);
  }
}

/** A cheap look, without locks, that spares full pools the taking and putting back; `launch` decides under the pool's lock. */
async function hasRoomFor(head: QueueEntry, poolId: string, { db }: SchedulerContext): Promise<boolean> {
  const [job, pool, usage] = await Promise.all([db.jobs.get(head.jobId), db.pools.get(poolId), db.pools.usage(poolId)]);
  if (pool === null || pool.paused) return false;
  if (job === null || job.status !== 'queued' || job.attempt + 1 !== head.attempt) return true;
  return usage.reserved + job.spec.resources.workers <= pool.maxWorkers;
}

async function awaitHead(poolId: string, { queue, clock }: SchedulerContext, signal: AbortSignal): Promise<QueueEntry | null> {
  for (const pauseMs of ENTRY_FOLLOWS_MS) {
    const head = await queue.peek(poolId, clock.now());
    if (head !== null || signal.aborted) return head;
    await clock.sleep(pauseMs, { signal }).catch(() => undefined);
  }
  return queue.peek(poolId, clock.now());
}
