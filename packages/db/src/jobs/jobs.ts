import type { Clock, FineTuningJob, JobEvent, JobStatus, StreamPosition } from '@capstan/core';
import type { Announcer } from '../announcer.ts';
import { Prisma } from '../generated/client.ts';
import type { Sql } from '../sql.ts';
import { type Applied, applyEvent } from './apply-event.ts';
import { createAdmitted } from './create-admitted.ts';
import { type Created, createJob, type NewJob } from './create-job.ts';
import { createJobsTogether } from './create-jobs-together.ts';
import { keepPaused, listDrained } from './drained-jobs.ts';
import { findJob } from './find-job.ts';
import { gatherCreates } from './gather-creates.ts';
import { listHeldProjects, releaseHeld } from './hold.ts';
import { type Launched, type LaunchRequest, launchTogether } from './launch.ts';
import { countByStatus, type JobFilter, listJobs, listReconcilable } from './list-jobs.ts';
import {
  type HoldingJob,
  listAwaitedAttempts,
  listHolding,
  listQueued,
  listWaiting,
  position,
  type QueuedFilter,
  type QueuePosition,
  type WaitingJob,
} from './queue-order.ts';
import { type Reprioritised, reprioritise } from './reprioritise.ts';
import type { Effects } from './write-change.ts';

export interface JobContext {
  sql: Sql;
  clock: Clock;
  announcer: Announcer;
}

export interface JobRepository {
  /** Twice with one idempotency key, or a repetition of the same body: the first job, `created: false`. */
  create(job: NewJob): Promise<Created>;
  /** The same for a project that has limits, or a QuotaError; `gpus` is what the job would hold. */
  createAdmitted(job: NewJob, gpus: number): Promise<Created>;
  listHeldProjects(): Promise<string[]>;
  /** Jobs of a project that were held back, and are not any more; their queue entries are to be restored. */
  releaseHeld(projectId: string): Promise<FineTuningJob[]>;
  /** Null where there is none, or where it is another project's. */
  get(id: string, projectId?: string): Promise<FineTuningJob | null>;
  list(filter: JobFilter): Promise<{ jobs: FineTuningJob[]; hasMore: boolean }>;
  applyEvent(id: string, event: JobEvent, effects?: Effects): Promise<Applied>;
  /** Null for a job that is neither queued nor paused. */
  reprioritise(id: string, priority: number): Promise<Reprioritised | null>;
  launch(request: LaunchRequest & { poolId: string }): Promise<Launched>;
  /** As `launch`, each in its turn, at the cost of one. */
  launchTogether(poolId: string, requests: readonly LaunchRequest[]): Promise<Launched[]>;
  /** The launcher has answered: from now on the attempt is billed. Twice is once. */
  markLaunched(jobId: string, attempt: number): Promise<void>;
  listReconcilable(page: { limit: number; after?: string }): Promise<FineTuningJob[]>;
  listDrained(limit: number): Promise<FineTuningJob[]>;
  keepPaused(jobId: string): Promise<void>;
  listQueued(filter: QueuedFilter): Promise<FineTuningJob[]>;
  /** The number of the attempt that each of these jobs waits for; those that do not wait are missing. */
  listAwaitedAttempts(jobIds: readonly string[]): Promise<Map<string, number>>;
  listWaiting(poolId: string, limit: number): Promise<WaitingJob[]>;
  listHolding(poolId: string, limit: number): Promise<HoldingJob[]>;
  position(jobId: string): Promise<QueuePosition | null>;
  /** The last event, metric and log line so far: a reader that begins here sees only what is new. */
  streamEnd(jobId: string): Promise<StreamPosition>;
  countByStatus(): Promise<{ poolId: string; status: JobStatus; jobs: number }[]>;
}

export function createJobRepository(context: JobContext): JobRepository {
  const gather = gatherCreates({ one: (job) => createJob(context, job), many: (jobs) => createJobsTogether(context, jobs) });
  return {
    // A claim may have to wait for another request with the same one, and must not make strangers wait with it.
    create: (job) => (job.idempotency === undefined && job.repeatable === undefined ? gather(job) : createJob(context, job)),
    createAdmitted: (job, gpus) => createAdmitted(context, job, gpus),
    listHeldProjects: () => listHeldProjects(context),
    releaseHeld: (projectId) => releaseHeld(context, projectId),
    get: (id, projectId) => findJob(context.sql, id, projectId),
    list: (filter) => listJobs(context, filter),
    applyEvent: (id, event, effects) => applyEvent(context, id, event, effects),
    reprioritise: (id, priority) => reprioritise(context, id, priority),
    launch: async ({ poolId, ...request }) => (await launchTogether(context, poolId, [request]))[0] as Launched,
    launchTogether: (poolId, requests) => launchTogether(context, poolId, requests),
    markLaunched: (jobId, attempt) => markLaunched(context, jobId, attempt),
    listReconcilable: (page) => listReconcilable(context, page),
    listDrained: (limit) => listDrained(context, limit),
    keepPaused: (jobId) => keepPaused(context, jobId),
    listQueued: (filter) => listQueued(context, filter),
    listAwaitedAttempts: (jobIds) => listAwaitedAttempts(context, jobIds),
    listWaiting: (poolId, limit) => listWaiting(context, poolId, limit),
    listHolding: (poolId, limit) => listHolding(context, poolId, limit),
    position: (jobId) => position(context, jobId),
    streamEnd: (jobId) => streamEnd(context, jobId),
    countByStatus: () => countByStatus(context),
  };
}

async function markLaunched({ sql, clock }: JobContext, jobId: string, attempt: number): Promise<void> {
  const statement = Prisma.sql`
    UPDATE attempts SET state = 'launched', launched_at = ${clock.now()}::timestamptz
    WHERE job_id = ${jobId} AND attempt = ${attempt}::int AND state = 'intended'`;
  await sql.rows(statement, 'mark-launched');
}

async function streamEnd({ sql }: JobContext, jobId: string): Promise<StreamPosition> {
  const statement = Prisma.sql`
    SELECT coalesce((SELECT max(seq) FROM job_events WHERE job_id = ${jobId}), 0) AS event,
      coalesce((SELECT max(seq) FROM step_metrics WHERE job_id = ${jobId}), 0) AS metric,
      coalesce((SELECT max(seq) FROM log_lines WHERE job_id = ${jobId}), 0) AS log`;
  const [position] = await sql.rows<StreamPosition>(statement, 'stream-end');
  return position ?? { event: 0, metric: 0, log: 0 };
}
