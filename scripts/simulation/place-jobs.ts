import { randomBytes } from 'node:crypto';
import { poolSchema } from '@capstan/core';
import { type Database, makeId, openDatabase } from '@capstan/db';
import { createQueue, type JobQueue } from '@capstan/queue';
import { systemClock } from '@capstan/runtime';
import { makeEstimate, makeJobSpec } from '@capstan/testing';
import type { BenchServices } from '../bench-services.ts';

/** Where jobs are placed, as the API does it: the row, then the entry. */
export interface Placement {
  db: Database;
  poolIds: string[];
  /** One-pod jobs, spread evenly over the pools, which are paused until `open`. */
  place(count: number): Promise<void>;
  /** Lets the scheduler begin. */
  open(): Promise<void>;
  close(): Promise<void>;
}

const PLACED_AT_ONCE = 200;
const PRIORITY = 50;

export interface PoolsOptions {
  pools: number;
  workersPerPool: number;
}

/** Pools over simulated nodes, one GPU a pod. */
export async function openPlacement({ postgresUrl, redisUrl }: BenchServices, options: PoolsOptions): Promise<Placement> {
  const db = openDatabase({ url: postgresUrl, clock: systemClock });
  const queue = createQueue(redisUrl === null ? { postgresUrl } : { redisUrl });
  const poolIds = Array.from({ length: options.pools }, (_, number) => `${randomBytes(2).toString('hex')}-${number}`);
  for (const id of poolIds) await db.pools.ensure(makePool(id, options));
  const { id: projectId } = await db.projects.ensure('simulation');
  await db.models.upsertBase({ id: 'base-model', artifacts: [], config: {}, parameterCount: 1 });
  const fileId = makeId('file', randomBytes);
  const file = { id: fileId, projectId, filename: 'train.jsonl', purpose: 'fine-tune', status: 'processed' } as const;
  await db.files.create({ ...file, bytes: 1, sha256: '0'.repeat(64) });

  return {
    db,
    poolIds,
    async place(count) {
      for (let first = 0; first < count; first += PLACED_AT_ONCE) {
        const numbers = Array.from({ length: Math.min(PLACED_AT_ONCE, count - first) }, (_, index) => first + index);
        const poolOf = (number: number) => poolIds[number % poolIds.length] ?? '';
        await Promise.all(numbers.map((number) => placeJob({ db, queue }, { projectId, poolId: poolOf(number), fileId })));
      }
    },
    async open() {
      const pools = await Promise.all(poolIds.map((id) => db.pools.get(id)));
      await Promise.all(pools.map((pool) => pool && db.pools.update(pool.id, { paused: false }, pool.version)));
    },
    async close() {
      await queue.close();
      await db.close();
    },
  };
}

/** Their worker ends them. */
const NEVER_BY_ITSELF = '100000';

function makePool(id: string, { workersPerPool }: PoolsOptions) {
  const settings = {
    image: 'simulated',
    nodeSelector: { type: 'kwok' },
    tolerations: [{ key: 'kwok.x-k8s.io/node', operator: 'Exists' }],
    annotations: { 'simulate/run-seconds': NEVER_BY_ITSELF },
  };
  return { ...poolSchema.parse({ id, launcher: 'kubernetes', maxWorkers: workersPerPool, gpusPerWorker: 1, paused: true, settings }) };
}

async function placeJob(
  { db, queue }: { db: Database; queue: JobQueue },
  { projectId, poolId, fileId }: { projectId: string; poolId: string; fileId: string },
): Promise<void> {
  const id = makeId('ftjob', randomBytes);
  const spec = makeJobSpec({ trainingFile: fileId, resources: { gpusPerWorker: 1 } });
  await db.jobs.create({ id, projectId, poolId, spec, priority: PRIORITY, maxAttempts: 3, metadata: null, estimate: makeEstimate() });
  await queue.enqueue({ poolId, jobId: id, attempt: 1, priority: PRIORITY, now: new Date() });
}
