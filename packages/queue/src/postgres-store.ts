import { createPostgresBackend, type IQueueBackend, type PgPool, type PostgresQueueBackend, runMigrations } from 'bullmq';
import pg from 'pg';
import { lockOptions, type Place, placeOrdinal, type QueueStore } from './queue-store.ts';

/** BullMQ's own schema, beside the product's tables: neither sees the other's migrations. */
const SCHEMA = 'bullmq';
const CONNECT_TIMEOUT_MS = 2_000;
const QUERY_TIMEOUT_MS = 10_000;
const POOL_SIZE = 4;

export interface PostgresStoreOptions {
  postgresUrl: string;
  prefix: string;
  lockDurationMs: number;
}

/** BullMQ's Postgres backend on one small pool for all queues; migrates its schema on first use, once among all processes. */
export function openPostgresStore({ postgresUrl, prefix, lockDurationMs }: PostgresStoreOptions): QueueStore {
  const pool = new pg.Pool({
    connectionString: postgresUrl,
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    options: `-c search_path=${SCHEMA}`,
  });
  // An idle connection that drops is replaced on the next call; each call reports its own failure.
  pool.on('error', () => undefined);
  // So is one in hand that breaks between two statements.
  pool.on('connect', (client) => client.on('error', () => undefined));
  let opened: Promise<PostgresQueueBackend> | null = null;

  return {
    connect() {
      opened ??= migrateAndOpen(pool, lockDurationMs).catch((error: unknown) => {
        opened = null;
        throw error;
      });
      return opened;
    },
    // Queues of one database share a schema, so the prefix is part of the name here.
    forPool: (backend, poolId) => backend.forQueue(`${prefix}.pool-${poolId}`),
    restorePlace: (backend, id, place) => setSequence(pool, backend, { id, place }),
    async ping() {
      await pool.query('SELECT 1');
    },
    async close() {
      await pool.end();
    },
  };
}

async function migrateAndOpen(pool: pg.Pool, lockDurationMs: number): Promise<PostgresQueueBackend> {
  const client = await pool.connect();
  try {
    await runMigrations(client, SCHEMA);
  } finally {
    client.release();
  }
  // BullMQ describes the driver by a structure of its own, which pg's types meet in all but overloads.
  const options = { connection: pool as unknown as PgPool, ...lockOptions(lockDurationMs) };
  const backend = createPostgresBackend('capstan', options);
  backend.on('error', () => undefined);
  await backend.waitUntilReady();
  return backend;
}

/**
 * BullMQ orders a priority by `seq` and gives an entry put back the next negative one: the last one put back comes first.
 * Far below these, entries put back stand by the instant at which they became ready.
 */
async function setSequence(pool: pg.Pool, backend: IQueueBackend, entry: { id: string; place: Place }): Promise<void> {
  await pool.query("UPDATE job SET seq = $3 WHERE queue = $1 AND id = $2 AND state = 'waiting'", [
    backend.qualifiedName,
    entry.id,
    placeOrdinal(entry.place) - 2 ** 52,
  ]);
}
