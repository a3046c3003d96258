import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { poolSchema } from '@capstan/core';
import { openDatabase } from '@capstan/db';
import { systemClock } from '@capstan/runtime';
import { dataDirAt, type Platform, startPlatform } from '../../apps/cli/src/platform/index.ts';
import type { FuzzWorld } from './fuzz-world.ts';
import { makeProject } from './make-project.ts';
import { playRank } from './play-rank.ts';
import { connectRest } from './rest-helper.ts';

const BASE_MODEL = 't5-nano';
const CANARY = 'canary-7f3a9c';
const IDLE_POOL = 'fuzz-idle';

export interface OpenWorld {
  world: FuzzWorld;
  platform: Platform;
  /** What the platform said on its way: a service that died is among it. */
  said: string[];
  close(): Promise<void>;
}

/** A platform of its own in a temporary folder, with two projects in it. Nothing is left of it after `close`. */
export async function openWorld(env: Record<string, string | undefined>): Promise<OpenWorld> {
  const root = await mkdtemp(join(tmpdir(), 'capstan-fuzz-'));
  // As root, Postgres runs as another user, who must be able to pass.
  await chmod(root, 0o755);
  const said: string[] = [];
  const platform = await startPlatform({
    dataDir: dataDirAt(root),
    env: { ...env, DATABASE_URL: undefined, REDIS_URL: undefined, CAPSTAN_MODELS_DIR: undefined, LOG_LEVEL: 'warn' },
    clock: systemClock,
    fetch,
    signal: new AbortController().signal,
    apiPort: 0,
    grpcPort: 0,
    announce: (message) => said.push(message),
  });
  try {
    const { world, release } = await fillWorld(platform);
    const close = async () => {
      release();
      await platform.stop();
      await rm(root, { recursive: true, force: true, maxRetries: 10 });
    };
    return { world, platform, said, close };
  } catch (error) {
    await platform.stop();
    throw error;
  }
}

async function fillWorld(platform: Platform): Promise<{ world: FuzzWorld; release: () => void }> {
  const { baseUrl, apiKey, databaseUrl, grpcAddress, dataDir } = platform;
  const db = openDatabase({ url: databaseUrl, clock: systemClock, poolSize: 1 });
  await db.pools.ensure(poolSchema.parse({ id: IDLE_POOL, launcher: 'process', maxWorkers: 1 }));
  await db.close();
  const { rank, release } = await playRank(platform, BASE_MODEL);
  const admin = connectRest(baseUrl, apiKey);
  const project = (name: string, word: string) => makeProject(baseUrl, { admin, name, word, baseModel: BASE_MODEL });
  const secrets = JSON.parse(await readFile(dataDir.secretsFile, 'utf8')) as Pick<FuzzWorld, 'internalToken' | 'workerTokenSecret'>;
  const { port, origin } = new URL(baseUrl);
  const world: FuzzWorld = {
    origin,
    apiPort: Number(port),
    grpcPort: Number(grpcAddress.split(':')[1]),
    baseModel: BASE_MODEL,
    own: await project('fuzz-own', 'own'),
    foreign: await project('fuzz-foreign', CANARY),
    canary: CANARY,
    idlePool: IDLE_POOL,
    rank,
    internalToken: secrets.internalToken,
    workerTokenSecret: secrets.workerTokenSecret,
  };
  return { world, release };
}
