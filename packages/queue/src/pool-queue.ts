import { AppError } from '@capstan/core';
import { type IQueueBackend, Job, type JobJson, Queue } from 'bullmq';
import { entryId, entrySchema, parseEntryId } from './entry-id.ts';
import type { EntryState, ListOptions, NewQueueEntry, QueueEntry } from './job-queue.ts';
import type { Place, QueueStore } from './queue-store.ts';

type Entry = Job<QueueEntry, null, string>;
type EntryQueue = Queue<QueueEntry, null, string, QueueEntry, null, string, IQueueBackend, unknown>;

/**
 * One pool's queue. BullMQ's `Worker` is left out on purpose: it would bring a blocking connection per pool, lock renewal
 * and its own loop, while a taker here only ever wants the next entry, now.
 */
export interface PoolQueue {
  queue: EntryQueue;
  backend: IQueueBackend;
  store: QueueStore;
}

/** Events that nobody reads; BullMQ keeps at least some. */
const MAX_EVENTS = 100;
const MAX_PROMOTED = 1_000;
const ENTRY_NAME = 'launch';

export function openPoolQueue(store: QueueStore, shared: IQueueBackend, poolId: string): PoolQueue {
  const backend = store.forPool(shared, poolId);
  const options = { connection: undefined, streams: { events: { maxLen: MAX_EVENTS } } };
  const queue: EntryQueue = new Queue(`pool-${poolId}`, options, () => backend);
  return { queue, backend, store };
}

/** Priorities grow by one: BullMQ keeps its 0 apart, ahead of and ordered otherwise than all others. */
export async function addEntry({ queue }: PoolQueue, entry: NewQueueEntry): Promise<void> {
  const { jobId, attempt, priority, notBefore, now } = entry;
  const delay = notBefore ? Math.max(0, notBefore.getTime() - now.getTime()) : 0;
  const options = { jobId: entryId(entry), priority: priority + 1, delay, timestamp: now.getTime(), removeOnComplete: true };
  await queue.add(ENTRY_NAME, { jobId, attempt }, options);
}

/** Adds the entry at its place; one that another takes in between is no longer waiting, and left alone. */
export async function restoreEntry(pool: PoolQueue, entry: NewQueueEntry): Promise<void> {
  const id = entryId(entry);
  if (await hasEntry(pool, id)) return;
  await addEntry(pool, entry);
  const readyAtMs = Math.max(entry.now.getTime(), entry.notBefore?.getTime() ?? 0);
  await pool.store.restorePlace(pool.backend, id, { priority: entry.priority + 1, readyAtMs });
}

/** Whether the entry waits with its priority: moved there, added, or found there. One in the hands of a taker is left alone. */
export async function moveEntry(pool: PoolQueue, entry: NewQueueEntry): Promise<boolean> {
  const id = entryId(entry);
  const json = await pool.backend.getJobData(id);
  if (json !== undefined) {
    if (placeOf(Job.fromJSON(pool.queue as never, json, id)).priority === entry.priority + 1) return true;
    if (!(await removeEntry(pool, id))) return false;
  }
  await addEntry(pool, entry);
  return true;
}

/** Locks the first due entry for the holder of `token`. An entry that cannot be read is dropped, and said. */
export async function lockNext({ queue, backend }: PoolQueue, token: string): Promise<{ job: Entry; entry: QueueEntry } | null> {
  const [json, id]: [JobJson | null, string] = (await backend.moveToActive(token)) as [JobJson | null, string];
  if (!json) return null;
  const job: Entry = Job.fromJSON(queue as never, json, id);
  const entry = entrySchema.safeParse(job.data);
  if (entry.success) return { job, entry: entry.data };
  await job.moveToCompleted(null, token, false);
  throw new AppError('internal', `The queue entry ${id} of ${queue.name} could not be read and was dropped.`, { cause: entry.error });
}

/** Lets due entries wait in line, as taking one would do, and looks at the first. */
export async function firstDue({ backend }: PoolQueue, now: Date): Promise<QueueEntry | null> {
  const [due = 0] = await backend.getCounts(['delayed'], now.getTime() + 1);
  if (due > 0) {
    const [ids = []] = await backend.getRanges(['delayed'], 0, Math.min(due, MAX_PROMOTED) - 1, true);
    // One that another process promoted or took a moment ago is refused: that is what was wanted.
    await Promise.all(ids.map((id) => backend.promote(id).catch(ignoreRefusal)));
  }
  const [id] = (await backend.getRanges(['wait', 'prioritized'], 0, 0, true)).flat();
  return id === undefined ? null : parseEntryId(id);
}

export async function listEntries({ backend }: PoolQueue, { state = 'waiting', offset, limit }: ListOptions): Promise<QueueEntry[]> {
  if (limit <= 0) return [];
  const type = state === 'waiting' ? 'prioritized' : state;
  const ids = (await backend.getRanges([type], offset, offset + limit - 1, true)).flat();
  return ids.map(parseEntryId).filter((entry) => entry !== null);
}

export async function countEntries({ backend }: PoolQueue): Promise<Record<EntryState, number>> {
  const [wait = 0, prioritized = 0, delayed = 0, active = 0] = await backend.getCounts(['wait', 'prioritized', 'delayed', 'active']);
  return { waiting: wait + prioritized, delayed, active };
}

export async function hasEntry({ backend }: PoolQueue, id: string): Promise<boolean> {
  return (await backend.getJobData(id)) !== undefined;
}

export async function removeEntry(pool: PoolQueue, id: string): Promise<boolean> {
  return (await hasEntry(pool, id)) && (await pool.backend.remove(id, false)) > 0;
}

/** Entries whose lock ran out wait again, at their places. The store spaces the checks, so calling often costs little. */
export async function recoverEntries({ queue, backend, store }: PoolQueue): Promise<number> {
  const ids = await backend.moveStalledJobsToWait();
  for (const id of ids) {
    const json = await backend.getJobData(id);
    if (!json) continue;
    const place = placeOf(Job.fromJSON(queue as never, json, id));
    // One that was completed or taken in between is left alone.
    await backend.changePriority(id, place.priority, true).catch(ignoreRefusal);
    await store.restorePlace(backend, id, place);
  }
  return ids.length;
}

export function placeOf(job: Entry): Place {
  return { priority: job.opts.priority ?? 1, readyAtMs: job.timestamp + (job.opts.delay ?? 0) };
}

/** BullMQ's refusals carry a negative number: the entry is gone, in another state, or in another's hands. */
export function ignoreRefusal(error: unknown): void {
  if (error instanceof Error && 'code' in error && typeof error.code === 'number' && error.code < 0) return;
  throw error;
}
