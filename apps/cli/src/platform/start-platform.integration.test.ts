import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@capstan/client';
import { systemClock } from '@capstan/runtime';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readCredentials } from './credentials.ts';
import { type DataDir, dataDirAt } from './data-dir.ts';
import { identifyProcess, isSameProcessAlive, type ProcessIdentity } from './process-identity.ts';
import { type Platform, startPlatform } from './start-platform.ts';

const START_TIMEOUT_MS = 90_000;
const SETTLE = { timeout: 45_000, interval: 100 };

let dataDir: DataDir;
let platform: Platform;
const said: string[] = [];

function start(settings: { PATH?: string | undefined; apiPort?: number; grpcPort?: number } = {}): Promise<Platform> {
  const { PATH = process.env.PATH, ...ports } = settings;
  return startPlatform({
    dataDir,
    env: { PATH, HOME: process.env.HOME },
    clock: systemClock,
    fetch: globalThis.fetch,
    signal: new AbortController().signal,
    announce: (message) => said.push(message),
    ...ports,
  });
}

const client = () => createClient({ baseUrl: platform.baseUrl, apiKey: platform.apiKey, clock: systemClock });
const pidOf = (name: 'api' | 'scheduler' | 'postgres'): number => platform.pids()[name] ?? expect.fail(`the ${name} is not running`);

/** Every process that the platform has now, by what survives the reuse of a pid. */
function processes(): ProcessIdentity[] {
  const pids = Object.values(platform.pids()).filter((pid) => pid !== null);
  return pids.map(identifyProcess);
}

/** Command lines that name the data directory: whatever the platform started is among them. */
function processesOfDataDir(): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.map(commandLine).filter((command) => command.includes(dataDir.root));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-platform-'));
  // The user that Postgres runs as when we are root must be able to enter.
  chmodSync(folder, 0o755);
  dataDir = dataDirAt(folder);
  platform = await start({ apiPort: 0, grpcPort: 0 });
}, START_TIMEOUT_MS);
afterAll(async () => {
  await platform.stop();
  rmSync(dataDir.root, { recursive: true, force: true });
}, START_TIMEOUT_MS);

describe('the platform on one machine', () => {
  it('is ready once it has started, with the base model and the local pool', async () => {
    expect((await client().models.list()).data.map(({ id }) => id)).toContain('t5-nano');
    const [pool] = (await client().pools.list()).data;
    expect(pool).toMatchObject({ id: 'local', launcher: 'process', max_workers: 1, price_per_gpu_hour: 0.6 });
    expect(readCredentials(dataDir.credentialsFile)).toEqual({ baseUrl: platform.baseUrl, apiKey: platform.apiKey });
  });

  it('is refused to whoever has no key of it', async () => {
    const stranger = createClient({ baseUrl: platform.baseUrl, apiKey: 'sk-capstan-stranger', clock: systemClock });
    await expect(stranger.models.list()).rejects.toMatchObject({ status: 401 });
  });

  it('is one per data directory: the next start is told its pid and disturbs nothing', async () => {
    const before = platform.pids();
    await expect(start()).rejects.toThrow(`already running on this data directory (pid ${process.pid})`);
    expect(platform.pids()).toEqual(before);
  });

  it('starts a service again that was killed', async () => {
    const killed = pidOf('api');
    process.kill(killed, 'SIGKILL');
    await vi.waitFor(async () => {
      expect(platform.pids().api).not.toBe(killed);
      await client().models.list();
    }, SETTLE);
    expect(said.join('\n')).toContain('The API ended unexpectedly (signal SIGKILL)');
  });

  it('restarts a service where it was', async () => {
    const before = pidOf('scheduler');
    await platform.restartScheduler();
    expect(pidOf('scheduler')).not.toBe(before);
    await vi.waitFor(() => client().pools.list(), SETTLE);
  });

  it('starts its database again, and the API finds it', async () => {
    const killed = pidOf('postgres');
    process.kill(killed, 'SIGKILL');
    await vi.waitFor(async () => {
      expect(pidOf('postgres')).not.toBe(killed);
      await client().models.list();
    }, SETTLE);
    expect(said.join('\n')).toContain('Postgres ended unexpectedly');
  });

  it('leaves no process behind when it stops, and comes back at the same address without a Redis', async () => {
    const before = { baseUrl: platform.baseUrl, apiKey: platform.apiKey, grpcAddress: platform.grpcAddress };
    const ended = processes();
    expect(ended.length).toBeGreaterThanOrEqual(3);
    await Promise.all([platform.stop(), platform.stop()]);
    expect(ended.filter(isSameProcessAlive)).toEqual([]);
    expect(processesOfDataDir()).toEqual([]);
    expect(existsSync(dataDir.lockFile)).toBe(false);

    platform = await start({ PATH: '/nowhere' });
    expect(platform).toMatchObject({ ...before, queue: 'postgres' });
    expect((await client().models.list()).data.map(({ id }) => id)).toContain('t5-nano');
    const killed = processes();
    platform.kill();
    await vi.waitFor(() => expect(killed.filter(isSameProcessAlive)).toEqual([]), SETTLE);
  });
});
