import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '@capstan/core';
import { type EmbeddedService, startEmbeddedPostgres, startEmbeddedRedis } from '@capstan/embedded';
import type { DataDir } from './data-dir.ts';
import { keepStore } from './kept-store.ts';
import type { Teardown } from './teardown.ts';

export interface Stores {
  databaseUrl: string;
  /** Null: no Redis here, the queue lives in Postgres. */
  redisUrl: string | null;
  /** Null for a store that is not ours. */
  pids(): { postgres: number | null; redis: number | null };
}

interface StoresOptions {
  dataDir: DataDir;
  env: Record<string, string | undefined>;
  clock: Clock;
  signal: AbortSignal;
  announce: (message: string) => void;
  teardown: Teardown;
}

interface Store {
  url: string;
  pid(): number | null;
}

/** Postgres and Redis: those that the environment names, else our own in the data directory. */
export async function openStores(options: StoresOptions): Promise<Stores> {
  const { env } = options;
  const postgres = env.DATABASE_URL ? foreign(env.DATABASE_URL) : await openPostgres(options);
  const redis = env.REDIS_URL ? foreign(env.REDIS_URL) : await openRedis(options);
  return {
    databaseUrl: postgres.url,
    redisUrl: redis?.url ?? null,
    pids: () => ({ postgres: postgres.pid(), redis: redis?.pid() ?? null }),
  };
}

function foreign(url: string): Store {
  return { url, pid: () => null };
}

async function openPostgres({ dataDir, clock, signal, announce, teardown }: StoresOptions): Promise<Store> {
  const directory = join(dataDir.root, 'postgres');
  const start = (port: number | null) => startEmbeddedPostgres({ dataDir: directory, signal, ...(port === null ? {} : { port }) });
  // SIGQUIT is Postgres' immediate shutdown: it recovers at the next start.
  const store = await keepStore({ name: 'Postgres', start, killSignal: 'SIGQUIT', clock, announce });
  teardown.add(store);
  return store;
}

/** A Redis of our own, or null where none is on PATH. */
async function openRedis({ dataDir, env, clock, signal, announce, teardown }: StoresOptions): Promise<Store | null> {
  const directory = join(dataDir.root, 'redis');
  const password = randomBytes(24).toString('hex');
  const searchPath = env.PATH === undefined ? {} : { searchPath: env.PATH };
  const start = (port: number | null) =>
    startEmbeddedRedis({ dataDir: directory, signal, password, ...searchPath, ...(port === null ? {} : { port }) });
  const first = await start(null);
  if (first === null) return null;
  const store = await keepStore({
    name: 'Redis',
    start: async (port) => (port === null ? first : expectFound(await start(port))),
    killSignal: 'SIGTERM',
    clock,
    announce,
  });
  teardown.add(store);
  return store;
}

function expectFound(service: EmbeddedService | null): EmbeddedService {
  if (service === null) throw new Error('the program is no longer on PATH');
  return service;
}
