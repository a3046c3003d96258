import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryStore } from '@capstan/artifacts';
import { type Database, makeId, openDatabase } from '@capstan/db';
import { createLogger } from '@capstan/runtime';
import { createTestDatabase, FakeClock, makeEstimate, makeJobSpec, makePool } from '@capstan/testing';
import { createDecisions } from '../../dispatch/decisions.ts';
import { createMetrics } from '../../metrics.ts';
import { createOwnPools } from '../../own-pools.ts';
import { createListening } from '../../reconcile/listening.ts';
import { createObservedRanks } from '../../reconcile/observed-ranks.ts';
import type { SchedulerContext } from '../../scheduler-context.ts';
import { createHeartbeats } from '../../sessions/heartbeats.ts';
import { createSessionRegistry } from '../../sessions/session-registry.ts';
import { QUICK_SETTINGS } from '../make-world.ts';
import { ModelLauncher } from './model-launcher.ts';
import { ModelQueue } from './model-queue.ts';
import type { RankMemory } from './speak.ts';

export const POOL = 'local';
export const SLOTS = 3;

/** One scheduler's own things; a crash takes them away, and nothing else. */
export interface ModelScheduler {
  context: SchedulerContext;
  parts: ReturnType<typeof makeParts>;
}

/** A real database and the real code of schedulers, in a world of machines and of a queue that a test moves step by step. */
export interface ModelWorld {
  db: Database;
  clock: FakeClock;
  queue: ModelQueue;
  launcher: ModelLauncher;
  schedulers: ModelScheduler[];
  jobIds: string[];
  /** What ranks remember of their own reports. */
  memories: Map<string, RankMemory>;
  /** What was begun by a process that then stood still: it goes on when it is called, however late. */
  stalled: (() => Promise<unknown>)[];
  /** Jobs whose cancel was accepted. */
  cancelled: Set<string>;
  /** The version at which a job ended. */
  ended: Map<string, number>;
  submit(job: { workers: number; maxAttempts: number }): Promise<string>;
  crash(scheduler: number): void;
}

/** The database and the clock that one world after the other uses. */
export interface ModelGround {
  /** A world without jobs. */
  begin(): Promise<ModelWorld>;
  close(): Promise<void>;
}

export async function openModelGround(): Promise<ModelGround> {
  const database = await createTestDatabase();
  const directory = await mkdtemp(join(tmpdir(), 'capstan-model-'));
  // Long ago: the entries of the real queue are not used, so nothing here looks at the time of the machine.
  const clock = new FakeClock('2020-01-01T00:00:00.000Z');
  const db = openDatabase({ url: database.url, clock });
  const { id: projectId } = await db.projects.ensure('default');
  const { version: _version, ...pool } = makePool({ id: POOL, maxWorkers: SLOTS });
  await db.pools.ensure(pool);
  const ref = { sha256: 'ab'.repeat(32), bytes: 1 };
  await db.models.upsertBase({ id: 'base', artifacts: [{ path: 'model.safetensors', ...ref }], config: {}, parameterCount: 1 });
  await db.files.create({ id: 'file-train', projectId, filename: 'train.jsonl', purpose: 'fine-tune', status: 'processed', ...ref });
  const shared = { db, clock, artifacts: createDirectoryStore(join(directory, 'artifacts')) };
  return {
    async begin() {
      await database.execute('TRUNCATE jobs, attempts, reservations, report_positions, heartbeats, job_events, log_lines, usage CASCADE');
      return makeWorldOf(shared, projectId);
    },
    async close() {
      await db.close();
      await database.drop();
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

type Shared = Pick<SchedulerContext, 'db' | 'artifacts'> & { clock: FakeClock };

function makeWorldOf(shared: Shared, projectId: string): ModelWorld {
  const { db, clock } = shared;
  const [queue, launcher] = [new ModelQueue(clock), new ModelLauncher(clock)];
  const makeScheduler = (): ModelScheduler => {
    const context = makeContext({ ...shared, queue, launcher });
    return { context, parts: makeParts(context) };
  };
  const world: ModelWorld = {
    ...{ db, clock, queue, launcher, schedulers: [makeScheduler(), makeScheduler()] },
    ...{ jobIds: [], memories: new Map(), stalled: [], cancelled: new Set(), ended: new Map() },
    async submit({ workers, maxAttempts }) {
      const id = makeId('ftjob', randomBytes);
      const spec = makeJobSpec({ model: 'base', trainingFile: 'file-train', resources: { workers, gpusPerWorker: 0, memoryMiB: null } });
      const estimate = makeEstimate();
      await db.jobs.create({ id, projectId, poolId: POOL, spec, priority: 50, maxAttempts, metadata: null, estimate });
      world.jobIds.push(id);
      return id;
    },
    crash: (scheduler) => {
      world.schedulers[scheduler] = makeScheduler();
    },
  };
  return world;
}

function makeContext(shared: Shared & Pick<SchedulerContext, 'queue' | 'launcher'>): SchedulerContext {
  const logger = createLogger({ name: 'scheduler', level: 'silent' });
  return {
    ...shared,
    ...{
      logger,
      metrics: createMetrics(),
      settings: QUICK_SETTINGS,
      random: () => 0.5,
      schedulerAddress: '127.0.0.1:9',
      decisions: createDecisions(shared.clock),
      ownPools: createOwnPools(['process'], { ...shared, logger }),
      launching: new Set<string>(),
    },
  };
}

function makeParts({ db, clock, launcher }: SchedulerContext) {
  return {
    registry: createSessionRegistry(),
    heartbeats: createHeartbeats(db, clock),
    observed: createObservedRanks(launcher),
    listening: createListening(clock, QUICK_SETTINGS.limits.heartbeatTimeoutMs / 2),
    checkpointed: new Set<string>(),
  };
}
