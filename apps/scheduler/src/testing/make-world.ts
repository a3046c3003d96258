import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArtifactStore, createDirectoryStore } from '@capstan/artifacts';
import { type ArtifactRef, type FineTuningJob, isFinished, type JobStatus, type Pool } from '@capstan/core';
import { type Database, makeId, openDatabase } from '@capstan/db';
import { createProcessLauncher, type Launcher, type LaunchSpec } from '@capstan/launcher';
import { createQueue, type JobQueue } from '@capstan/queue';
import { createLogger, systemClock } from '@capstan/runtime';
import {
  createTestDatabase,
  createTestRedis,
  hasTestRedis,
  makeEstimate,
  makeJobSpec,
  makePool,
  type TestDatabase,
} from '@capstan/testing';
import { type Scheduler, startScheduler } from '../scheduler.ts';
import type { SchedulerSettings } from '../scheduler-context.ts';
import { bundleFakeWorker } from './bundle-fake-worker.ts';

const { signal: NEVER } = new AbortController();

/** Quick where only the clock is waited for; patient where a busy machine would look like a lost rank. */
export const QUICK_SETTINGS: SchedulerSettings = {
  workerTokenSecret: 'a secret for signing worker tokens',
  internalToken: 'a token for the api to call with',
  limits: { launchGraceMs: 10_000, heartbeatTimeoutMs: 30_000, stopGraceMs: 3_000, reportGraceMs: 1_000, gangTimeoutMs: 300_000 },
  dispatchIntervalMs: 200,
  reconcileIntervalMs: 300,
  sweepIntervalMs: 500,
  heartbeatIntervalMs: 300,
  killGraceMs: 500,
  exitGraceMs: 3_000,
  keepEndedMs: 0,
  launchConcurrency: 16,
  checkpointsKept: 3,
  stateGraceMs: 300,
  artifactGraceMs: 3_600_000,
  artifactPassPauseMs: 300,
  serving: { poolId: null, maxWorkers: 1, maxWaiting: 2, idleMs: 60_000, startTimeoutMs: 20_000, maxAdapters: 2 },
};

interface JobOptions {
  /** What the fake worker does; see fake-worker.ts. */
  script: string;
  workers?: number;
  maxAttempts?: number;
  file?: string;
  /** The files of the base that the job begins with; none are named by default, as by an earlier release. */
  baseModel?: ArtifactRef[];
  /** False leaves the row without its queue entry, as a crash between the two would. */
  isEnqueued?: boolean;
  priority?: number;
  deadlineSeconds?: number;
  projectId?: string;
}

/** Real stores, real processes, real gRPC: all that schedulers share, and nothing of theirs. */
export interface World {
  db: Database;
  database: TestDatabase;
  artifacts: ArtifactStore;
  /** Flips a bit of the blob's file. */
  damageArtifact(sha256: string): Promise<void>;
  /** Makes all blobs look as if they had been put two hours ago. */
  ageArtifacts(): Promise<void>;
  queue: JobQueue;
  /** The queue's Redis loses all that it held; only where the world has one. */
  emptyRedis(): Promise<void>;
  launcher: Launcher;
  projectId: string;
  /** The names launched so far, once per call. */
  launches: string[];
  startScheduler(options?: {
    settings?: Partial<SchedulerSettings>;
    launcher?: Launcher;
    launcherKinds?: readonly Pool['launcher'][];
    port?: number;
  }): Promise<Scheduler>;
  submit(options: JobOptions): Promise<string>;
  enqueue(jobId: string): Promise<void>;
  until(jobId: string, isReached: JobStatus | ((job: FineTuningJob) => boolean), timeoutMs?: number): Promise<FineTuningJob>;
  close(): Promise<void>;
}

export async function makeWorld({
  queueOn = hasTestRedis() ? 'redis' : 'postgres',
  maxWorkers = 2,
}: {
  queueOn?: 'redis' | 'postgres';
  maxWorkers?: number;
} = {}): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'capstan-scheduler-'));
  const database = await createTestDatabase();
  const redis = queueOn === 'redis' ? await createTestRedis() : null;
  const db = openDatabase({ url: database.url, clock: systemClock });
  const queue =
    redis === null ? createQueue({ postgresUrl: database.url }) : createQueue({ redisUrl: redis.url }, { prefix: redis.prefix });
  const artifacts = createDirectoryStore(join(directory, 'artifacts'));
  const pathOf = (sha256: string) => join(directory, 'artifacts', sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  const damageArtifact = async (sha256: string) => {
    const content = await readFile(pathOf(sha256));
    content[0] = (content[0] ?? 0) ^ 1;
    await writeFile(pathOf(sha256), content);
  };
  const ageArtifacts = async () => {
    const then = new Date(Date.now() - 7_200_000);
    for await (const { sha256 } of artifacts.list()) await utimes(pathOf(sha256), then, then);
  };
  const processes = createProcessLauncher({
    runsDir: join(directory, 'runs'),
    workerCommand: [process.execPath, await bundleFakeWorker(directory)],
    environment: { PATH: process.env.PATH ?? '' },
    clock: systemClock,
  });
  const launches: string[] = [];
  const launcher: Launcher = {
    ...processes,
    launch: async (spec: LaunchSpec, options) => {
      launches.push(spec.name);
      await processes.launch(spec, options);
    },
  };
  const { id: projectId } = await db.projects.ensure('default');
  const logger = createLogger({ name: 'scheduler', level: process.env.TEST_LOG_LEVEL ?? 'silent' });
  const schedulers = new Set<Scheduler>();
  const { version: _version, ...pool } = makePool({ maxWorkers, pricePerGpuHour: 3600 });
  await db.pools.ensure(pool);
  await putModelAndFile(db, artifacts, projectId);

  const emptyRedis = () => redis?.empty() ?? Promise.reject(new Error('The queue of this world is on Postgres.'));
  const world: World = {
    ...{ db, database, artifacts, ageArtifacts, damageArtifact, queue, emptyRedis, launcher, projectId, launches },
    async startScheduler({ settings = {}, launcher: own = launcher, launcherKinds = ['process'] as const, port = 0 } = {}) {
      const scheduler = await startScheduler({
        ...{ db, queue, launcher: own, launcherKinds, artifacts, logger, clock: systemClock, random: Math.random },
        settings: { ...QUICK_SETTINGS, ...settings },
        grpcAddress: `127.0.0.1:${port}`,
        advertisedAddress: null,
      });
      schedulers.add(scheduler);
      return scheduler;
    },
    async submit({
      script,
      workers = 1,
      maxAttempts = 2,
      file = 'file-train',
      isEnqueued = true,
      priority = 50,
      deadlineSeconds,
      baseModel,
      ...own
    }) {
      const id = makeId('ftjob', randomBytes);
      const resources = { workers, gpusPerWorker: 0, memoryMiB: null };
      const spec = makeJobSpec({ model: 'base', trainingFile: file, suffix: script, resources, deadlineSeconds, baseModel });
      const estimate = makeEstimate();
      await db.jobs.create({ id, projectId, ...own, poolId: 'local', spec, priority, maxAttempts, metadata: null, estimate });
      if (isEnqueued) await world.enqueue(id);
      return id;
    },
    async enqueue(jobId) {
      const job = await db.jobs.get(jobId);
      if (job === null) throw new Error('no such job');
      const { poolId, priority, notBefore, attempt } = job;
      await queue.enqueue({ poolId, jobId, attempt: attempt + 1, priority, notBefore, now: new Date() });
    },
    async until(jobId, isReached, timeoutMs = 40_000) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const job = await db.jobs.get(jobId);
        if (job !== null && (typeof isReached === 'string' ? job.status === isReached : isReached(job))) return job;
        if (Date.now() > deadline) throw new Error(`still ${job?.status}: ${job?.reason} ${job?.message}`);
        await systemClock.sleep(20);
      }
    },
    async close() {
      for (const scheduler of schedulers) await scheduler.close();
      await endRanks(processes);
      await queue.close();
      await db.close();
      await redis?.drop();
      await database.drop();
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
  return world;
}

async function putModelAndFile(db: Database, artifacts: ArtifactStore, projectId: string): Promise<void> {
  const content = async function* () {
    yield Buffer.from('{"messages":[]}\n');
  };
  const stored = await artifacts.put(content());
  await db.models.upsertBase({ id: 'base', artifacts: [{ path: 'model.safetensors', ...stored }], config: {}, parameterCount: 10 });
  await db.files.create({ id: 'file-train', projectId, filename: 'train.jsonl', purpose: 'fine-tune', status: 'processed', ...stored });
}

async function endRanks(launcher: Launcher): Promise<void> {
  for (;;) {
    const living = (await launcher.list({ signal: NEVER })).filter((rank) => !isFinished(rank));
    if (living.length === 0) return;
    for (const { name } of living) await launcher.stop(name, { graceMs: 0 });
    await systemClock.sleep(50);
  }
}
