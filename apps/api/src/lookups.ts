import { type Clock, type FineTuningJob, NotFoundError, type Pool } from '@capstan/core';
import type { Database, FileRecord, Model, Overview, PoolUsage } from '@capstan/db';
import { createExpiringCache } from './expiring-cache.ts';

export interface PoolFacts {
  pool: Pool;
  usage: PoolUsage;
}

/** Reads that many requests repeat, each remembered for a moment only. Files and models never change; they only vanish. */
export interface Lookups {
  model(projectId: string, id: string): Promise<Model | null>;
  file(projectId: string, id: string): Promise<FileRecord | null>;
  forgetModel(projectId: string, id: string): void;
  forgetFile(projectId: string, id: string): void;
  forgetPool(id: string): void;
  /** Throws where there is no such pool. */
  pool(id: string): Promise<PoolFacts>;
  /** The pool's latest successes, from which durations are judged. */
  recentJobs(poolId: string): Promise<FineTuningJob[]>;
  /** The project's counts; everybody who looks at them looks every few seconds. */
  overview(projectId: string, since: Date): Promise<Overview>;
}

const MODEL_TTL_MS = 10_000;
const POOL_TTL_MS = 2_000;
const RECENT_JOBS_TTL_MS = 30_000;
const RECENT_JOBS = 10;
const OVERVIEW_TTL_MS = 5_000;

export function createLookups(db: Database, clock: Clock): Lookups {
  const models = createExpiringCache<Model>({ clock, ttlMs: MODEL_TTL_MS, maxItems: 1_000 });
  const files = createExpiringCache<FileRecord>({ clock, ttlMs: MODEL_TTL_MS, maxItems: 200 });
  const pools = createExpiringCache<PoolFacts>({ clock, ttlMs: POOL_TTL_MS, maxItems: 1_000 });
  const recent = createExpiringCache<FineTuningJob[]>({ clock, ttlMs: RECENT_JOBS_TTL_MS, maxItems: 1_000 });
  const overviews = createExpiringCache<Overview>({ clock, ttlMs: OVERVIEW_TTL_MS, maxItems: 1_000 });
  const key = (projectId: string, id: string) => `${projectId}/${id}`;
  return {
    model: (projectId, id) => models.get(key(projectId, id), () => db.models.get(id, projectId)),
    file: (projectId, id) => files.get(key(projectId, id), () => db.files.get(projectId, id)),
    forgetModel: (projectId, id) => models.delete(key(projectId, id)),
    forgetFile: (projectId, id) => files.delete(key(projectId, id)),
    forgetPool: (id) => pools.delete(id),
    pool: async (id) => {
      const facts = await pools.get(id, () => readPool(db, id));
      if (!facts) throw new NotFoundError(`There is no pool ${id}. GET /v1/pools lists them.`, { reason: 'pool_not_found' });
      return facts;
    },
    overview: async (projectId, since) => {
      const read = () => db.overview.read(projectId, since);
      return (await overviews.get(key(projectId, since.toISOString()), read)) ?? read();
    },
    recentJobs: async (poolId) => {
      const filter = { poolId, states: ['succeeded'] as const, limit: RECENT_JOBS };
      return (await recent.get(poolId, async () => (await db.jobs.list(filter)).jobs)) ?? [];
    },
  };
}

async function readPool(db: Database, id: string): Promise<PoolFacts | null> {
  const [pool, usage] = await Promise.all([db.pools.get(id), db.pools.usage(id)]);
  return pool && { pool, usage };
}
