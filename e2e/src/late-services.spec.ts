import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestDatabase, createTestRedis, hasTestRedis, type NetworkLine, openNetworkLine, type TestDatabase } from '@capstan/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** The real programs, started before what they need: containers come up in any order. */
const APPS = ['api', 'scheduler'] as const;
const SLOW = { timeout: 60_000, interval: 100 };

/** What each says once its HTTP port is open. */
const OPEN = { api: /"port":(\d+),"msg":"the API is ready"/, scheduler: /"port":(\d+),"msg":"health and metrics are served"/ };
const WAITING = /"msg":"waiting for Postgres: check DATABASE_URL if this goes on"/;

interface Program {
  child: ChildProcess;
  output(): string;
  /** What `/readyz` answers; status 0 while nobody does. */
  readiness(): Promise<{ status: number; checks?: Record<string, string> }>;
}

describe.each(APPS)('the %s, started before its services', (app) => {
  let database: TestDatabase;
  let postgres: NetworkLine;
  let directory = '';
  const programs: ChildProcess[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
    postgres = await openNetworkLine(database.url);
    directory = await mkdtemp(join(tmpdir(), 'capstan-late-'));
  });
  afterEach(async () => {
    for (const child of programs.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    postgres.cut();
    await database.drop();
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  });

  function start(redisUrl?: string): Program {
    const environment = {
      ...{ PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', GRPC_ADDRESS: '127.0.0.1:0', HEALTH_ADDRESS: '127.0.0.1:0' },
      ...{ DATABASE_URL: postgres.url, REDIS_URL: redisUrl, QUEUE_DATABASE_URL: redisUrl === undefined ? postgres.url : undefined },
      ...{ INTERNAL_TOKEN: 'a token of this test', WORKER_TOKEN_SECRET: 'a secret of this test, long enough' },
      ...{ ARTIFACTS_DIR: join(directory, 'artifacts'), UPLOADS_DIR: join(directory, 'uploads') },
      ...{ RUNS_DIR: join(directory, 'runs'), CACHE_DIR: join(directory, 'cache'), WORKER_COMMAND: 'false' },
      DEFAULT_POOL: JSON.stringify({ id: 'local', launcher: 'process', maxWorkers: 1 }),
    };
    const program = fileURLToPath(new URL(`../../apps/${app}/dist/main.js`, import.meta.url));
    const child = spawn(process.execPath, [program], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    programs.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    return {
      child,
      output: () => output,
      async readiness() {
        const port = OPEN[app].exec(output)?.[1];
        if (port === undefined) return { status: 0 };
        const response = await fetch(`http://127.0.0.1:${port}/readyz`);
        return { ...((await response.json()) as { checks: Record<string, string> }), status: response.status };
      },
    };
  }

  it('waits for Postgres, says where it looks, and is ready by itself once there is one', { timeout: 120_000 }, async () => {
    postgres.cut();
    const program = start();
    await vi.waitFor(() => expect(program.output()).toMatch(WAITING), SLOW);
    expect(program.output()).toContain(`"address":"${new URL(postgres.url).host}"`);
    expect(program.child.exitCode).toBeNull();
    await postgres.mend();
    await vi.waitFor(async () => expect(await program.readiness()).toMatchObject({ status: 200 }), SLOW);
  });

  it('ends without a fuss when it is told to while it waits', { timeout: 120_000 }, async () => {
    postgres.cut();
    const program = start();
    await vi.waitFor(() => expect(program.output()).toMatch(WAITING), SLOW);
    program.child.kill('SIGTERM');
    const [status] = await once(program.child, 'exit');
    expect(status).toBe(0);
  });

  it.runIf(hasTestRedis())('starts without Redis, says so, and is ready once there is one', { timeout: 120_000 }, async () => {
    const redis = await openNetworkLine((await createTestRedis()).url);
    redis.cut();
    const program = start(redis.url);
    const unready = { status: 503, checks: { database: 'ok', queue: expect.stringContaining("The queue's Redis is away") } };
    await vi.waitFor(async () => expect(await program.readiness()).toMatchObject(unready), SLOW);
    await redis.mend();
    await vi.waitFor(async () => expect(await program.readiness()).toMatchObject({ status: 200 }), SLOW);
    redis.cut();
  });
});
