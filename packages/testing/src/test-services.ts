import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { emptyRedis } from './empty-redis.ts';
import type { PostgresSite } from './postgres-site.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Null in a run that has no integration tests. */
    postgres: PostgresSite | null;
    /** Null where no Redis is configured or installed. */
    redisUrl: string | null;
  }
}

export interface TestDatabase {
  url: string;
  /** For damage that no repository would do. */
  execute(statement: string): Promise<void>;
  /** Ends every connection to it and drops it. */
  drop(): Promise<void>;
}

export interface TestRedis {
  url: string;
  /** Keeps the test's keys apart from all others on the server. */
  prefix: string;
  /** Takes away all that the test has in it, as a server does that lost its data. */
  empty(): Promise<void>;
  drop(): Promise<void>;
}

/** A migrated, empty database of one's own: a clone of the run's template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const site = inject('postgres');
  if (site === null) throw new Error('Postgres was not started: integration tests live in *.integration.test.ts and *.spec.ts files.');
  const name = `${site.prefix}_${randomBytes(6).toString('hex')}`;
  await execute(site.adminUrl, `CREATE DATABASE ${name} TEMPLATE ${site.template}`);
  const url = new URL(site.adminUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    execute: (statement) => execute(url.href, statement),
    drop: () => execute(site.adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Whether the Redis flavour of a suite can run; the run's first lines say so too. */
export function hasTestRedis(): boolean {
  return inject('redisUrl') !== null;
}

/** A prefix of one's own on the run's Redis. The server ends with the run, and an external one expires nothing of ours but keeps no data of others. */
export async function createTestRedis(): Promise<TestRedis> {
  const url = inject('redisUrl');
  if (url === null) {
    throw new Error('The Redis flavour of this suite cannot run: put redis-server or valkey-server on PATH, or set TEST_REDIS_URL.');
  }
  const prefix = `test-${randomBytes(6).toString('hex')}`;
  return { url, prefix, empty: () => emptyRedis(url, prefix), drop: async () => undefined };
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
