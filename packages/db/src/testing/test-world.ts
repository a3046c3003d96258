import { randomBytes } from 'node:crypto';
import type { FineTuningJob, NumberedReport, RankIdentity, WorkerReport } from '@capstan/core';
import { createTestDatabase, FakeClock, makeEstimate, makeJobSpec, makePool } from '@capstan/testing';
import { type Database, makeId, type NewJob, openDatabase } from '../index.ts';

/** A database of one's own with a project and a pool, for the tests of this package. */
export interface TestWorld {
  db: Database;
  url: string;
  clock: FakeClock;
  projectId: string;
  poolId: string;
  newJob(changes?: Partial<NewJob> & { workers?: number }): NewJob;
  submit(changes?: Partial<NewJob> & { workers?: number }): Promise<FineTuningJob>;
  /** Launches the job's next attempt, which must be possible. */
  launch(job: FineTuningJob): Promise<{ job: FineTuningJob; identity: RankIdentity }>;
  /** A pool that no other test uses. */
  addPool(maxWorkers: number): Promise<string>;
  close(): Promise<void>;
}

export async function openTestWorld(): Promise<TestWorld> {
  const database = await createTestDatabase();
  const clock = new FakeClock();
  const db = openDatabase({ url: database.url, clock });
  const { id: projectId } = await db.projects.ensure('default');
  const { id: poolId } = await db.pools.ensure(makePool({ id: 'wide', maxWorkers: 1_000, pricePerGpuHour: 3.6 }));
  const newJob: TestWorld['newJob'] = ({ workers = 1, ...changes } = {}) => ({
    id: makeId('ftjob', randomBytes),
    projectId,
    poolId,
    spec: makeJobSpec({ resources: { workers } }),
    priority: 50,
    maxAttempts: 3,
    metadata: null,
    estimate: makeEstimate(),
    ...changes,
  });
  return {
    db,
    url: database.url,
    clock,
    projectId,
    poolId,
    newJob,
    submit: async (changes) => (await db.jobs.create(newJob(changes))).job,
    async launch(job) {
      const { workers } = job.spec.resources;
      const launched = await db.jobs.launch({ jobId: job.id, expectedAttempt: job.attempt + 1, poolId: job.poolId, workers });
      if (!launched.ok) throw new Error(launched.message);
      const { attempt, epoch } = launched.job;
      return { job: launched.job, identity: { jobId: job.id, attempt, epoch, rank: 0 } };
    },
    async addPool(maxWorkers) {
      return (await db.pools.ensure(makePool({ id: `pool-${randomBytes(4).toString('hex')}`, maxWorkers }))).id;
    },
    async close() {
      await db.close();
      await database.drop();
    },
  };
}

/** Numbers reports as a rank does. */
export function numbered(first: number, ...reports: WorkerReport[]): NumberedReport[] {
  return reports.map((report, place) => ({ sequence: first + place, report }));
}
