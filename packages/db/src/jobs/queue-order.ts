import { ACTIVE_STATUSES, type FineTuningJob, type JobStatus } from '@capstan/core';
import { Prisma } from '../generated/client.ts';
import { etaMsOf, JOB_COLUMNS, type JobRow, toJob } from './job-row.ts';
import type { JobContext } from './jobs.ts';

/** Queued, and not held back: those that have an entry. The words of the index over the order. */
const WAITING = Prisma.sql`j.status = 'queued' AND j.hold_message IS NULL`;

/** Where a job stands in the order (priority, queuedAt, id) of its pool. */
export type QueueCursor = Pick<FineTuningJob, 'priority' | 'queuedAt' | 'id'>;

export interface QueuedFilter {
  poolId?: string | undefined;
  /** Those that are held back too. */
  includesHeld?: boolean | undefined;
  after?: QueueCursor | undefined;
  limit: number;
}

export interface QueuePosition {
  /** From 1. */
  position: number;
  /** Jobs that run before it. */
  ahead: number;
}

/** Queued jobs in the order in which they run; go on with the last one as `after`. */
export async function listQueued(
  { sql }: JobContext,
  { poolId, includesHeld = false, after, limit }: QueuedFilter,
): Promise<FineTuningJob[]> {
  const conditions = [
    includesHeld ? Prisma.sql`j.status = 'queued'` : WAITING,
    ...(poolId === undefined ? [] : [Prisma.sql`j.pool_id = ${poolId}`]),
    ...(after === undefined
      ? []
      : [Prisma.sql`(j.priority, j.queued_at, j.id) > (${after.priority}::int, ${after.queuedAt}::timestamptz, ${after.id})`]),
  ];
  const rows = await sql.rows<JobRow>(Prisma.sql`
    SELECT ${JOB_COLUMNS} FROM jobs j WHERE ${Prisma.join(conditions, ' AND ')}
    ORDER BY j.priority, j.queued_at, j.id LIMIT ${limit}`);
  return rows.map(toJob);
}

/** The next attempt of each of these jobs that is queued. */
export async function listAwaitedAttempts({ sql }: JobContext, jobIds: readonly string[]): Promise<Map<string, number>> {
  const statement = Prisma.sql`
    SELECT id, attempt + 1 AS attempt FROM jobs WHERE id = ANY(${[...jobIds]}::text[]) AND status = 'queued'`;
  const rows = await sql.rows<{ id: string; attempt: number }>(statement, 'awaited-attempts');
  return new Map(rows.map(({ id, attempt }) => [id, attempt]));
}

/** What a forecast needs of a job that waits. */
export interface WaitingJob {
  id: string;
  projectId: string;
  model: string;
  workers: number;
  priority: number;
  queuedAt: Date;
  /** A job that backs off waits for this, and holds up nobody. */
  notBefore: Date | null;
  estimatedSeconds: number;
}

/** The head of a pool's queue in its order, without all that a whole job carries. */
export async function listWaiting({ sql }: JobContext, poolId: string, limit: number): Promise<WaitingJob[]> {
  const statement = Prisma.sql`
    SELECT j.id, j.project_id AS "projectId", j.spec->>'model' AS model, (j.spec->'resources'->>'workers')::int AS workers, j.priority,
      j.queued_at AS "queuedAt", j.not_before AS "notBefore", (j.estimate->>'seconds')::float8 AS "estimatedSeconds"
    FROM jobs j WHERE j.pool_id = ${poolId} AND ${WAITING} ORDER BY j.priority, j.queued_at, j.id LIMIT ${limit}::int`;
  return sql.rows<WaitingJob>(statement, 'list-waiting');
}

/** What a forecast needs of a job that holds slots. */
export interface HoldingJob extends Omit<WaitingJob, 'queuedAt' | 'notBefore'> {
  status: JobStatus;
  startedAt: Date | null;
  /** What is left of it by its own reports; null where it has made none. */
  etaMs: number | null;
}

/** Jobs that hold slots of a pool, the longest there first. */
export async function listHolding({ sql }: JobContext, poolId: string, limit: number): Promise<HoldingJob[]> {
  const statement = Prisma.sql`
    SELECT j.id, j.project_id AS "projectId", j.spec->>'model' AS model, (j.spec->'resources'->>'workers')::int AS workers, j.priority,
      j.status, j.started_at AS "startedAt", (j.estimate->>'seconds')::float8 AS "estimatedSeconds",
      (j.spec->'training'->>'totalSteps')::int AS "totalSteps", coalesce((j.progress->>'step')::int, 0) AS step,
      coalesce((j.progress->>'elapsedMs')::float8, 0) AS "elapsedMs"
    FROM jobs j WHERE j.pool_id = ${poolId} AND j.status = ANY(${[...ACTIVE_STATUSES]}::job_status[])
    ORDER BY j.queued_at, j.id LIMIT ${limit}::int`;
  type Row = Omit<HoldingJob, 'etaMs'> & { totalSteps: number; step: number; elapsedMs: number };
  const rows = await sql.rows<Row>(statement, 'list-holding');
  return rows.map(({ totalSteps, step, elapsedMs, ...job }) => ({ ...job, etaMs: etaMsOf({ totalSteps, step, elapsedMs }) }));
}

/** Counted on the index of the queue order alone; null where the job does not wait. */
export async function position({ sql }: JobContext, jobId: string): Promise<QueuePosition | null> {
  const statement = Prisma.sql`
    SELECT (SELECT count(*)::int FROM jobs o
      WHERE o.pool_id = j.pool_id AND o.status = 'queued' AND o.hold_message IS NULL AND (o.priority, o.queued_at, o.id) < (j.priority, j.queued_at, j.id)) AS ahead
    FROM jobs j WHERE j.id = ${jobId} AND ${WAITING}`;
  const [row] = await sql.rows<{ ahead: number }>(statement, 'queue-position');
  return row === undefined ? null : { position: row.ahead + 1, ahead: row.ahead };
}
