import { once } from 'node:events';
import { UnavailableError } from '@capstan/core';
import { createRedisBackend, type IQueueBackend, type RedisQueueBackend } from 'bullmq';
import { Redis } from 'ioredis';
import { lockOptions, type Place, placeOrdinal, type QueueStore } from './queue-store.ts';

const CONNECT_TIMEOUT_MS = 2_000;
/** Bounds a call to a Redis that accepts but does not answer. */
const COMMAND_TIMEOUT_MS = 5_000;
const RECONNECT_CEILING_MS = 500;

export interface RedisStoreOptions {
  redisUrl: string;
  prefix: string;
  lockDurationMs: number;
}

/** One connection for all pools. It reconnects by itself; a call made meanwhile fails at once instead of waiting in line. */
export function openRedisStore({ redisUrl, prefix, lockDurationMs }: RedisStoreOptions): QueueStore {
  const redis = new Redis(redisUrl, {
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(RECONNECT_CEILING_MS, attempt * 50),
  });
  // Each call reports its own failure; without a listener ioredis would print every attempt to reconnect.
  redis.on('error', () => undefined);
  const untilReady = readiness(redis);
  const open = memoizeSuccess(() => openBackend(redis, lockDurationMs));

  return {
    async connect() {
      await untilReady();
      return open();
    },
    forPool: (backend, poolId) => backend.forQueue(`pool-${poolId}`, prefix),
    restorePlace: async (backend, id, place) => {
      await redis.zadd(backend.toKey('prioritized'), 'XX', scoreOf(place), id);
    },
    async ping() {
      await untilReady();
      await redis.ping();
    },
    async close() {
      if (redis.status === 'ready') await redis.quit().catch(() => redis.disconnect());
      else redis.disconnect();
    },
  };
}

/** Waits for a connection under way, once for all callers; between two tries, an outage is said at once. */
function readiness(redis: Redis): () => Promise<void> {
  let connecting: Promise<unknown> | null = null;
  return async () => {
    if (redis.status === 'ready') return;
    if (redis.status !== 'connecting' && redis.status !== 'connect') {
      const word = redis.status === 'end' ? 'closed' : 'away';
      throw new UnavailableError(`The queue's Redis is ${word}.`, { retryAfterMs: RECONNECT_CEILING_MS });
    }
    connecting ??= once(redis, 'ready', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) }).finally(() => {
      connecting = null;
    });
    await connecting;
  };
}

/** BullMQ reads the server's version here, once; a failure must not be remembered. */
async function openBackend(redis: Redis, lockDurationMs: number): Promise<RedisQueueBackend> {
  const options = { connection: redis, skipWaitingForReady: true, ...lockOptions(lockDurationMs) };
  const backend = createRedisBackend('capstan', options);
  backend.on('error', () => undefined);
  await backend.waitUntilReady();
  return backend;
}

function memoizeSuccess(open: () => Promise<IQueueBackend>): () => Promise<IQueueBackend> {
  let opened: Promise<IQueueBackend> | null = null;
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
}

/**
 * BullMQ scores a prioritized entry `priority · 2³² + arrival counter` and gives every entry put back the counter 0, where
 * equal scores are ordered by id: by chance. The upper half of the range below is free (the counter starts again whenever
 * the set is empty), so entries put back stand there, before all others of their priority, by the instant at which they
 * became ready. A double resolves 2⁻¹⁴ at this size; 2⁻¹⁰ per millisecond keeps 68 years within the half.
 */
function scoreOf(place: Place): number {
  return place.priority * 2 ** 32 - 2 ** 31 + placeOrdinal(place) / 2 ** 10;
}
