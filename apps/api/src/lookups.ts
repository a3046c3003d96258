import { type Clock, type Expectation, expectStarts, type FineTuningJob, NotFoundError, type Pool, type ProjectUse } from '@capstan/core';
import type { Database, FileRecord, Model, Overview, PoolUsage, Project } from '@capstan/db';
import { createExpiringCache } from './expiring-cache.ts';
import { type PoolWorkFacts, readPoolWork } from './pool-work.ts';
import { withLongQueues } from './with-long-queues.ts';

export interface PoolFacts {
  pool: Pool;
  reserved: number;
}

/** One forecast of a pool, from which every job of its queue's head is answered. */
export interface PoolOutlook {
  work: PoolWorkFacts;
  places: ReadonlyMap<string, { ahead: number; eta: Expectation | null }>;
}

/** Reads that many requests repeat, each remembered for a moment only. Files and models never change; they only vanish. */
export interface Lookups {
  model(projectId: string, id: string): Promise<Model | null>;
  file(projectId: string, id: string): Promise<FileRecord | null>;
  /** Throws where there is no such project, which no key can be of. */
  project(id: string): Promise<Project>;
  forgetProject(id: string): void;
  forgetModel(projectId: string, id: string): void;
  forgetFile(projectId: string, id: string): void;
  forgetPool(id: string): void;
  /** Throws where there is no such pool. */
  pool(id: string): Promise<PoolFacts>;
  outlook(poolId: string): Promise<PoolOutlook>;
  /** Both as they are now, but for the length of a long queue, which is remembered. */
  usage(poolId: string): Promise<PoolUsage>;
  projectUse(projectId: string): Promise<ProjectUse>;
  /** The pool's latest successes, from which durations are judged. */
  recentJobs(poolId: string): Promise<FineTuningJob[]>;
  /** The project's counts; everybody who looks at them looks every few seconds. */
  overview(projectId: string, since: Date): Promise<Overview>;
}

const MODEL_TTL_MS = 10_000;
const POOL_TTL_MS = 2_000;
const RECENT_JOBS_TTL_MS = 30_000;
const RECENT_JOBS = 10;
/** Jobs of a queue that have a place in lists. */
const HEAD_OF_QUEUE = 1_000;
const OVERVIEW_TTL_MS = 5_000;

export function createLookups(db: Database, clock: Clock): Lookups {
  const models = createExpiringCache<Model>({ clock, ttlMs: MODEL_TTL_MS, maxItems: 1_000 });
  const files = createExpiringCache<FileRecord>({ clock, ttlMs: MODEL_TTL_MS, maxItems: 200 });
  const projects = createExpiringCache<Project>({ clock, ttlMs: POOL_TTL_MS, maxItems: 10_000 });
  const pools = createExpiringCache<PoolFacts>({ clock, ttlMs: POOL_TTL_MS, maxItems: 1_000 });
  const recent = createExpiringCache<FineTuningJob[]>({ clock, ttlMs: RECENT_JOBS_TTL_MS, maxItems: 1_000 });
  const outlooks = createExpiringCache<PoolOutlook>({ clock, ttlMs: POOL_TTL_MS, maxItems: 100 });
  const overviews = createExpiringCache<Overview>({ clock, ttlMs: OVERVIEW_TTL_MS, maxItems: 1_000 });
  const key = (projectId: string, id: string) => `${projectId}/${id}`;
  const pool = async (id: string) => {
    const facts = await pools.get(id, () => readPool(db, id));
    if (!facts) throw new NotFoundError(`There is no pool ${id}. GET /v1/pools lists them.`, { reason: 'pool_not_found' });
    return facts;
  };
  const recentJobs = async (poolId: string) => {
    const filter = { poolId, states: ['succeeded'] as const, limit: RECENT_JOBS };
    return (await recent.get(poolId, async () => (await db.jobs.list(filter)).jobs)) ?? [];
  };
  const readOutlook = async (poolId: string) => {
    const facts = await pool(poolId);
    return outlookOf(await readPoolWork({ db, clock }, facts.pool, { head: HEAD_OF_QUEUE, recent: await recentJobs(poolId) }));
  };
  return {
    pool,
    usage: withLongQueues('queued', db.pools.usage, clock),
    projectUse: withLongQueues('queuedJobs', db.projects.use, clock),
    recentJobs,
    outlook: async (poolId) => (await outlooks.get(poolId, () => readOutlook(poolId))) ?? readOutlook(poolId),
    model: (projectId, id) => models.get(key(projectId, id), () => db.models.get(id, projectId)),
    file: (projectId, id) => files.get(key(projectId, id), () => db.files.get(projectId, id)),
    project: async (id) => {
      const project = await projects.get(id, () => db.projects.get(id));
      if (!project) throw new NotFoundError(`There is no project ${id}.`, { reason: 'project_not_found' });
      return project;
    },
    forgetProject: (id) => projects.delete(id),
    forgetModel: (projectId, id) => models.delete(key(projectId, id)),
    forgetFile: (projectId, id) => files.delete(key(projectId, id)),
    forgetPool: (id) => {
      pools.delete(id);
      outlooks.delete(id);
    },
    overview: async (projectId, since) => {
      const read = () => db.overview.read(projectId, since);
      return (await overviews.get(key(projectId, since.toISOString()), read)) ?? read();
    },
  };
}

function outlookOf(work: PoolWorkFacts): PoolOutlook {
  const starts = expectStarts(work);
  return { work, places: new Map(work.queued.map(({ id }, index) => [id, { ahead: index, eta: starts[index] ?? null }])) };
}

async function readPool(db: Database, id: string): Promise<PoolFacts | null> {
  const [pool, reserved] = await Promise.all([db.pools.get(id), db.pools.reservedIn(id)]);
  return pool && { pool, reserved };
}
