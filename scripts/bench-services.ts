import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@capstan/db';
import { startEmbeddedPostgres, startEmbeddedRedis } from '@capstan/embedded';

export interface BenchServices {
  postgresUrl: string;
  /** Null where no Redis is installed: the queue then lives in Postgres. */
  redisUrl: string | null;
  stop(): Promise<void>;
}

/** A migrated Postgres and, where there is one, a Redis, both with their usual durability; gone without a trace afterwards. */
export async function startBenchServices(): Promise<BenchServices> {
  const { signal } = new AbortController();
  const directory = await mkdtemp(join(tmpdir(), 'capstan-bench-'));
  // As root, Postgres runs as another user, who must be able to pass.
  await chmod(directory, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir: join(directory, 'postgres'), signal });
  const redis = await startEmbeddedRedis({ dataDir: join(directory, 'redis'), searchPath: process.env.PATH ?? '', signal });
  await migrate(postgres.url);
  return {
    postgresUrl: postgres.url,
    redisUrl: redis?.url ?? null,
    async stop() {
      await redis?.stop();
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
