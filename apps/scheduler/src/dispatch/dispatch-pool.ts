import { widthRefusal } from '@capstan/core';
import type { TakenEntry } from '@capstan/queue';
import { launchAttempt } from '../attempts/launch-attempt.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { type EntryOutcome, launchEntries } from './launch-entries.ts';
import type { PoolGate } from './pool-gate.ts';

/**
 * A job's row is committed, and its change announced, before its entry is added: an empty queue is looked at again after these pauses,
 * in milliseconds, so that a new job does not wait for the next tick.
 */
const ENTRY_FOLLOWS_MS = [2, 5, 10, 20, 50];

/** Entries taken and reserved in one transaction, at most. */
const MOST_TOGETHER = 32;

/**
 * Launches what the pool's queue holds, in its order, as long as there is room, until the signal aborts. The head of the queue is never
 * overtaken: a gang that waits for room would otherwise wait for ever behind a stream of smaller jobs. One that is wider than the pool may ever be is
 * taken out of the queue.
 */
export async function dispatchPool(poolId: string, gate: PoolGate, context: SchedulerContext, signal: AbortSignal): Promise<void> {
  const launches = new Set<Promise<void>>();
  let isAnnounced = false;
  while (!signal.aborted) {
    try {
      await fillPool(poolId, { gate, launches, isAnnounced }, context, signal);
    } catch (error) {
      if (!signal.aborted) context.logger.warn({ err: error, poolId }, 'dispatch failed and will be tried again');
    }
    isAnnounced = await gate.wait(context.settings.dispatchIntervalMs, { signal });
  }
  await Promise.all(launches);
}

interface FillOptions {
  gate: PoolGate;
  launches: Set<Promise<void>>;
  /** Somebody said that a job came, so an empty queue is worth a second look. */
  isAnnounced: boolean;
}

/**
 * Takes and launches until the queue is empty or the pool is full. Where one entry found room, or there is known to be room for several, as many
 * are taken at once as the queue has and the pool has room for; the launches themselves go on beside it, those of a burst once all pools have decided.
 */
async function fillPool(poolId: string, { gate, launches, isAnnounced }: FillOptions, context: SchedulerContext, signal: AbortSignal) {
  const { queue, decisions, settings } = context;
  let hasRoom = false;
  try {
    while (!signal.aborted) {
      if (launches.size >= settings.launchConcurrency) {
        decisions.end(poolId);
        await Promise.race(launches);
      }
      if (gate.isFull) {
        const room = await roomForHead(poolId, context);
        if (room === 0) return;
        hasRoom = room > 1;
      }
      gate.isFull = false;
      let first = await queue.takeNext(poolId);
      if (first === null) {
        decisions.end(poolId);
        if (isAnnounced) first = await awaitEntry(poolId, gate, context, signal);
        if (first === null) return;
      }
      const more = hasRoom ? await countMore(poolId, context) : 0;
      if (more > 0) decisions.begin(poolId);
      const entries = more > 0 ? [first, ...(await queue.takeUpTo(poolId, more))] : [first];
      const outcomes = await launchEntries(entries, poolId, context);
      gate.isFull = outcomes.some(({ type }) => type === 'full');
      outcomes.forEach((outcome, place) => {
        const entry = entries[place];
        if (outcome.type === 'reserved' && entry !== undefined) startLaunch({ outcome, entry, launches }, context, signal);
      });
      hasRoom = !gate.isFull;
    }
  } finally {
    decisions.end(poolId);
  }
}

/** How many entries may be taken with the one in hand. */
async function countMore(poolId: string, { db, queue }: SchedulerContext): Promise<number> {
  const [pool, reserved, { waiting }] = await Promise.all([db.pools.get(poolId), db.pools.reservedIn(poolId), queue.counts(poolId)]);
  const room = (pool?.maxWorkers ?? 0) - reserved;
  return Math.min(MOST_TOGETHER, room, waiting + 1) - 1;
}

interface StartedLaunch {
  outcome: Extract<EntryOutcome, { type: 'reserved' }>;
  entry: TakenEntry;
  launches: Set<Promise<void>>;
}

function startLaunch({ outcome, entry, launches }: StartedLaunch, context: SchedulerContext, signal: AbortSignal): void {
  const leave = (error: unknown) =>
    void (signal.aborted || context.logger.warn({ err: error, jobId: entry.jobId }, 'launch left to reconcile'));
  // The intent is written: whatever becomes of the launch, the entry has done its duty, and would be handed out again if it took long.
  const launch = Promise.all([entry.complete().catch(leave), launchAttempt(outcome, context, { signal }).catch(leave)])
    .then(() => undefined)
    .finally(() => launches.delete(launch));
  launches.add(launch);
}

/**
 * Workers that may start now, none if the head of the queue needs more of them; one where that is not known. A cheap look, without locks, that
 * spares a full pool the taking and putting back; `launch` decides under the pool's lock.
 */
async function roomForHead(poolId: string, { db, queue, clock }: SchedulerContext): Promise<number> {
  const head = await queue.peek(poolId, clock.now());
  if (head === null) return 1;
  const [job, pool, reserved] = await Promise.all([db.jobs.get(head.jobId), db.pools.get(poolId), db.pools.reservedIn(poolId)]);
  if (pool === null || pool.paused) return 0;
  if (job === null || job.status !== 'queued' || job.attempt + 1 !== head.attempt) return 1;
  if (widthRefusal(pool, job.spec.resources.workers) !== null) return 1;
  const room = pool.maxWorkers - reserved;
  return room < job.spec.resources.workers ? 0 : room;
}

/** Looks again and again for a while; another announcement ends a pause, and begins the while anew. */
async function awaitEntry(poolId: string, gate: PoolGate, { queue }: SchedulerContext, signal: AbortSignal): Promise<TakenEntry | null> {
  for (let look = 0; ; ) {
    const pauseMs = ENTRY_FOLLOWS_MS[look];
    if (pauseMs === undefined || signal.aborted) return null;
    look = (await gate.wait(pauseMs, { signal })) ? 0 : look + 1;
    const entry = await queue.takeNext(poolId);
    if (entry !== null) return entry;
  }
}
