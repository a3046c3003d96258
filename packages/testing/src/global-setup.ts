import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedService, startEmbeddedPostgres, startEmbeddedRedis } from '@capstan/embedded';
import type { TestProject } from 'vitest/node';
import { clearPostgres, preparePostgres } from './postgres-site.ts';
import type {} from './test-services.ts';

/** Data that nobody needs after the run: no flush, no full pages. */
const THROWAWAY = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' };
const NEEDS_SERVICES = /\.(integration\.test|cluster\.test|spec)\.ts$/;

/**
 * One Postgres and one Redis for the whole run, taken from the environment or started here, and only where a chosen file needs them.
 * Without any Redis the run goes on and says which flavour of the suites is missing.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { testFiles } = await project.globTestFiles(chosenFiles(project));
  project.provide('postgres', null);
  project.provide('redisUrl', null);
  if (!testFiles.some((file) => NEEDS_SERVICES.test(file))) return async () => undefined;

  const { signal } = new AbortController();
  const directory = await mkdtemp(join(tmpdir(), 'capstan-test-'));
  // As root, Postgres runs as another user, who must be able to pass.
  await chmod(directory, 0o755);
  const services: EmbeddedService[] = [];
  const stop = async () => {
    await Promise.all(services.map((service) => service.stop()));
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    const givenPostgres = process.env.TEST_POSTGRES_URL ?? process.env.DATABASE_URL;
    const postgres = givenPostgres
      ? null
      : await startEmbeddedPostgres({ dataDir: join(directory, 'postgres'), signal, settings: THROWAWAY });
    if (postgres !== null) services.push(postgres);
    const site = await preparePostgres(givenPostgres ?? postgres?.url ?? '');
    project.provide('postgres', site);

    const givenRedis = process.env.TEST_REDIS_URL ?? process.env.REDIS_URL;
    const searchPath = process.env.PATH ?? '';
    const redis = givenRedis ? null : await startEmbeddedRedis({ dataDir: join(directory, 'redis'), searchPath, signal });
    if (redis !== null) services.push(redis);
    const redisUrl = givenRedis ?? redis?.url ?? null;
    project.provide('redisUrl', redisUrl);
    if (redisUrl === null) console.warn('No redis-server or valkey-server on PATH: the Redis flavour of the suites does not run.');
    return async () => {
      if (postgres === null) await clearPostgres(site);
      await stop();
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The patterns of the command line. Vitest keeps them without a type; without them every file counts, which starts too much, not too little. */
function chosenFiles({ vitest }: TestProject): string[] {
  return (vitest as { filenamePattern?: string[] }).filenamePattern ?? [];
}
