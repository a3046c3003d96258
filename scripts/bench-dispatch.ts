// `npm run bench:dispatch`: how long a job waits in an idle pool, from the moment its 201 could be sent (row committed, entry added) to the
// call of the launcher. Floor: what BullMQ alone takes from `add` to its processor, on the same server in the same run.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryStore } from '@capstan/artifacts';
import { makeId, openDatabase } from '@capstan/db';
import type { Launcher } from '@capstan/launcher';
import { createQueue } from '@capstan/queue';
import { createLogger, systemClock } from '@capstan/runtime';
import { makeEstimate, makeJobSpec, makePool } from '@capstan/testing';
import { Queue, Worker } from 'bullmq';
import { configSchema } from '../apps/scheduler/src/config.ts';
import { startScheduler } from '../apps/scheduler/src/scheduler.ts';
import { toSettings } from '../apps/scheduler/src/settings.ts';
import { RANKLESS_LAUNCHER } from '../apps/scheduler/src/testing/rankless-launcher.ts';
import { percentile, rounded, startBenchServices } from './bench-services.ts';

const JOBS = 300;
const WARM_UP = 20;
/** Between two jobs, so that each finds the scheduler asleep. */
const PAUSE_MS = 15;

const services = await startBenchServices();
const directory = await mkdtemp(join(tmpdir(), 'capstan-bench-'));
try {
  const floor = services.redisUrl === null ? [] : await measureFloor(services.redisUrl);
  const waits = await measureDispatch();
  console.log(`from 201 to the launcher's call, ${waits.length} jobs one by one, queue on ${services.redisUrl ? 'Redis' : 'Postgres'}`);
  console.log(
    JSON.stringify({
      script: 'bench:dispatch',
      p50Ms: rounded(percentile(waits, 0.5)),
      p99Ms: rounded(percentile(waits, 0.99)),
      floorP50Ms: floor.length === 0 ? null : rounded(percentile(floor, 0.5)),
    }),
  );
} finally {
  await services.stop();
  await rm(directory, { recursive: true, force: true });
}

async function measureDispatch(): Promise<number[]> {
  const started = new Map<string, () => void>();
  const launcher: Launcher = { ...RANKLESS_LAUNCHER, launch: async ({ jobId }) => started.get(jobId)?.() };
  const db = openDatabase({ url: services.postgresUrl, clock: systemClock });
  const connection = services.redisUrl === null ? { postgresUrl: services.postgresUrl } : { redisUrl: services.redisUrl };
  const [apiQueue, schedulerQueue] = [createQueue(connection), createQueue(connection)];
  const { version: _version, ...pool } = makePool({ maxWorkers: 10_000 });
  await db.pools.ensure(pool);
  const { id: projectId } = await db.projects.ensure('bench');
  const scheduler = await startScheduler({
    ...{
      db,
      queue: schedulerQueue,
      launcher,
      launcherKinds: ['process'],
      clock: systemClock,
      random: Math.random,
      logger: createLogger({ name: 'bench', level: 'warn' }),
    },
    artifacts: createDirectoryStore(directory),
    settings: benchSettings(),
    grpcAddress: '127.0.0.1:0',
    advertisedAddress: null,
  });
  const waits: number[] = [];
  for (let number = 0; number < WARM_UP + JOBS; number += 1) {
    const id = makeId('ftjob', randomBytes);
    const launched = new Promise<number>((resolve) => started.set(id, () => resolve(performance.now())));
    const job = {
      id,
      projectId,
      poolId: pool.id,
      spec: makeJobSpec(),
      priority: 50,
      maxAttempts: 1,
      metadata: null,
      estimate: makeEstimate(),
    };
    await db.jobs.create(job);
    await apiQueue.enqueue({ poolId: pool.id, jobId: id, attempt: 1, priority: 50, now: new Date() });
    const answeredAt = performance.now();
    const waitMs = Math.max(0, (await launched) - answeredAt);
    if (number >= WARM_UP) waits.push(waitMs);
    await systemClock.sleep(PAUSE_MS);
  }
  await scheduler.close();
  await Promise.all([apiQueue.close(), schedulerQueue.close()]);
  await db.close();
  return waits;
}

/** Production's settings; only that ranks which never come are not started again. */
function benchSettings() {
  const secrets = { WORKER_TOKEN_SECRET: randomBytes(32).toString('hex'), INTERNAL_TOKEN: randomBytes(16).toString('hex') };
  const places = {
    DATABASE_URL: services.postgresUrl,
    ARTIFACTS_DIR: directory,
    RUNS_DIR: directory,
    CACHE_DIR: directory,
    WORKER_COMMAND: 'none',
  };
  const settings = toSettings(configSchema.parse({ ...secrets, ...places }));
  return { ...settings, limits: { ...settings.limits, launchGraceMs: 3_600_000 } };
}

async function measureFloor(redisUrl: string): Promise<number[]> {
  const connection = { url: redisUrl };
  const starts = new Map<string, (at: number) => void>();
  const queue = new Queue('floor', { connection });
  const worker = new Worker('floor', async ({ name }) => starts.get(name)?.(performance.now()), { connection });
  await worker.waitUntilReady();
  const waits: number[] = [];
  for (let number = 0; number < WARM_UP + JOBS; number += 1) {
    const name = String(number);
    const started = new Promise<number>((resolve) => starts.set(name, resolve));
    const addedAt = performance.now();
    await queue.add(name, {});
    const waitMs = (await started) - addedAt;
    if (number >= WARM_UP) waits.push(waitMs);
    await systemClock.sleep(PAUSE_MS);
  }
  await worker.close();
  await queue.close();
  return waits;
}
