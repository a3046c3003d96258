import { randomUUID } from 'node:crypto';
import { entryId } from './entry-id.ts';
import type { EntryAddress, JobQueue, TakenEntry } from './job-queue.ts';
import { reachingStore } from './outage.ts';
import {
  addEntry,
  countEntries,
  firstDue,
  hasEntry,
  ignoreRefusal,
  listEntries,
  lockNext,
  moveEntry,
  openPoolQueue,
  type PoolQueue,
  placeOf,
  recoverEntries,
  removeEntry,
  restoreEntry,
} from './pool-queue.ts';
import { openPostgresStore } from './postgres-store.ts';
import type { QueueStore } from './queue-store.ts';
import { openRedisStore } from './redis-store.ts';

export type QueueConnection = { redisUrl: string } | { postgresUrl: string };

export interface QueueOptions {
  /** Keeps deployments apart that share a Redis or a database. */
  prefix?: string;
  /** How long a taker may be silent before its entry is handed to another. */
  lockDurationMs?: number;
}

const DEFAULT_LOCK_MS = 30_000;

/** Connects in the background: a store that is away at the start surfaces on the first call, and never stops the process. */
export function createQueue(connection: QueueConnection, options: QueueOptions = {}): JobQueue {
  const store = openStore(connection, options);
  const onPool = poolOpener(store);
  const nextToken = tokenSequence();
  const onEntry = <T>(entry: EntryAddress, work: (pool: PoolQueue, id: string) => Promise<T>) =>
    onPool(entry.poolId, (pool) => work(pool, entryId(entry)));
  let closing: Promise<void> | null = null;

  return {
    enqueue: (entry) => onPool(entry.poolId, (pool) => addEntry(pool, entry)),
    restore: (entry) => onPool(entry.poolId, (pool) => restoreEntry(pool, entry)),
    reprioritise: (entry) => onPool(entry.poolId, (pool) => moveEntry(pool, entry)),
    takeNext: (poolId) => onPool(poolId, async (pool) => (await take(pool, 1, nextToken))[0] ?? null),
    takeUpTo: (poolId, limit) => onPool(poolId, (pool) => take(pool, limit, nextToken)),
    peek: (poolId, now) => onPool(poolId, async (pool) => (await Promise.all([firstDue(pool, now), recoverEntries(pool)]))[0]),
    remove: (entry) => onEntry(entry, removeEntry),
    has: (entry) => onEntry(entry, hasEntry),
    list: (poolId, options) => onPool(poolId, (pool) => listEntries(pool, options)),
    counts: (poolId) => onPool(poolId, countEntries),
    recoverStalled: (poolId) => onPool(poolId, recoverEntries),
    ping: () => reachingStore(() => store.ping()),
    close() {
      closing ??= store.close();
      return closing;
    },
  };
}

export function openStore(connection: QueueConnection, { prefix = 'capstan', lockDurationMs = DEFAULT_LOCK_MS }: QueueOptions): QueueStore {
  const settings = { prefix, lockDurationMs };
  return 'redisUrl' in connection ? openRedisStore({ ...connection, ...settings }) : openPostgresStore({ ...connection, ...settings });
}

/** Opens a pool's queue on its first use and keeps it; the connection is shared by all. */
function poolOpener(store: QueueStore) {
  const pools = new Map<string, PoolQueue>();
  return <T>(poolId: string, work: (pool: PoolQueue) => Promise<T>): Promise<T> =>
    reachingStore(async () => {
      const backend = await store.connect();
      let pool = pools.get(poolId);
      if (!pool) {
        pool = openPoolQueue(store, backend, poolId);
        pools.set(poolId, pool);
      }
      return work(pool);
    });
}

/** A lock token for each taking, so that a slow taker cannot end an entry which it has lost. */
function tokenSequence(): () => string {
  const instance = randomUUID();
  let taken = 0;
  return () => `${instance}.${++taken}`;
}

/** One entry that cannot be read does not keep the others. */
async function take(pool: PoolQueue, limit: number, nextToken: () => string): Promise<TakenEntry[]> {
  const tokens = Array.from({ length: limit }, nextToken);
  const locks = Promise.allSettled(tokens.map(async (token) => ({ token, locked: await lockNext(pool, token) })));
  const [settled, recovered] = await Promise.all([locks, recoverEntries(pool)]);
  const taken = settled.flatMap((lock) =>
    lock.status === 'fulfilled' && lock.value.locked ? [{ ...lock.value.locked, token: lock.value.token }] : [],
  );
  if (taken.length > 0) return taken.sort(byPlace).map((locked) => makeTaken(pool, locked));
  for (const lock of settled) if (lock.status === 'rejected') throw lock.reason;
  return recovered > 0 ? take(pool, limit, nextToken) : [];
}

type Taken = NonNullable<Awaited<ReturnType<typeof lockNext>>> & { token: string };

/** Entries that are taken on several connections at once come in any order. */
function byPlace(a: Taken, b: Taken): number {
  const [one, other] = [placeOf(a.job), placeOf(b.job)];
  return one.priority - other.priority || one.readyAtMs - other.readyAtMs;
}

function makeTaken(pool: PoolQueue, { job, entry, token }: Taken): TakenEntry {
  const id = entryId(entry);
  return {
    ...entry,
    complete: () =>
      reachingStore(async () => {
        // A lock that ran out leaves the entry to others although it is done with: take it away, unless one has it in hand.
        await job.moveToCompleted(null, token, false).catch(async (error: unknown) => {
          ignoreRefusal(error);
          await removeEntry(pool, id);
        });
      }),
    putBack: () =>
      reachingStore(async () => {
        await job.moveToWait(token).catch(ignoreRefusal);
        await pool.store.restorePlace(pool.backend, id, placeOf(job));
      }),
  };
}
