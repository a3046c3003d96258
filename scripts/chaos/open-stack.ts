import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CapstanClient, createClient } from '@capstan/client';
import { systemClock } from '@capstan/runtime';
import { dataDirAt, type Platform, startPlatform } from '../../apps/cli/src/platform/index.ts';
import { installRecorder } from './recorder.ts';

export interface Stack {
  platform: Platform;
  client: CapstanClient;
  /** What the platform said on its way: every death of a process is among it. */
  said: string[];
  close(): Promise<void>;
}

/** So many jobs train at once. */
const WORKERS = 3;

/** A worker that stands still is given up after seconds, so that a run sees it happen; otherwise everything is as `npm start` has it. */
const HURRY = { HEARTBEAT_INTERVAL_MS: '1000', HEARTBEAT_TIMEOUT_MS: '10000', STOP_GRACE_MS: '15000' };

/** The whole platform in a temporary folder, with a recorder in its database. Nothing is left of it after `close`. */
export async function openStack(env: Record<string, string | undefined>): Promise<Stack> {
  const root = await mkdtemp(join(tmpdir(), 'capstan-chaos-'));
  // As root, Postgres runs as another user, who must be able to pass.
  await chmod(root, 0o755);
  const said: string[] = [];
  const platform = await startPlatform({
    dataDir: dataDirAt(root),
    env: { ...env, ...HURRY, DATABASE_URL: undefined, REDIS_URL: undefined, CAPSTAN_MODELS_DIR: undefined },
    clock: systemClock,
    fetch,
    signal: new AbortController().signal,
    apiPort: 0,
    grpcPort: 0,
    announce: (message) => said.push(message),
  });
  const close = async () => {
    await platform.stop();
    if (env.CHAOS_KEEP === undefined) await rm(root, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    const client = createClient({ baseUrl: platform.baseUrl, apiKey: platform.apiKey, clock: systemClock, maxRetries: 0 });
    await client.pools.update('local', { max_workers: WORKERS });
    await installRecorder(platform.databaseUrl);
    return { platform, client, said, close };
  } catch (error) {
    await close();
    throw error;
  }
}
