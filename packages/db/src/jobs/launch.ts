import { billedUnits, type FineTuningJob, type Pool } from '@capstan/core';
import { type Pool as PoolRow, Prisma } from '../generated/client.ts';
import { type LedgerEntry, toLedgerEntry } from '../ledger-row.ts';
import { POOL_COLUMNS, toPool } from '../pool-row.ts';
import type { TransactionSql } from '../sql.ts';
import { describeEvent } from './describe-event.ts';
import { changeOf } from './job-change.ts';
import { JOB_COLUMNS, type JobRow, toJob } from './job-row.ts';
import type { JobContext } from './jobs.ts';
import { writeChange } from './write-change.ts';

export interface LaunchRequest {
  jobId: string;
  /** The number of the attempt to launch: one more than the job's `attempt`. */
  expectedAttempt: number;
  poolId: string;
  /** Slots to reserve; as many as the job has workers by default. */
  workers?: number;
  tokenHash?: string | null;
}

export type LaunchRefusal = 'NotFound' | 'NotQueued' | 'AttemptMismatch' | 'NotYet' | 'PoolPaused' | 'NoCapacity';
export type Launched =
  | { ok: true; job: FineTuningJob; ledger: LedgerEntry; pool: Pool }
  | { ok: false; reason: LaunchRefusal; message: string };

/**
 * Reserves the slots and writes the intent, or says why not; called twice for one attempt, the second is refused. Launches of a pool
 * wait for each other on its row, so the sum of reservations that follows is true until the commit. The lock is NO KEY UPDATE: it
 * does not hold up the creation of jobs, which only refer to the pool.
 */
export function launch({ sql, clock }: JobContext, request: LaunchRequest): Promise<Launched> {
  return sql.transaction(async (transaction): Promise<Launched> => {
    const pool = await lockPool(transaction, request.poolId);
    const found = await findWithReserved(transaction, request);
    if (pool === null || found === null || found.job.poolId !== request.poolId) {
      return refuse('NotFound', `There is no job ${request.jobId} in pool ${request.poolId}.`);
    }
    const { job, reserved } = found;
    const now = clock.now();
    const workers = request.workers ?? job.spec.resources.workers;
    const free = pool.maxWorkers - reserved;
    const refusal = refusalOf(job, pool, request, now);
    if (refusal !== null) return refusal;
    if (workers > free) return refuse('NoCapacity', `The job needs ${workers} slots; pool ${pool.id} has ${Math.max(0, free)} free.`);
    return write(transaction, { job, pool, request: { ...request, workers }, now });
  });
}

/** A statement of its own, after the lock: READ COMMITTED gives it a snapshot in which every earlier launch is visible. */
async function findWithReserved(
  sql: TransactionSql,
  { jobId, poolId }: LaunchRequest,
): Promise<{ job: FineTuningJob; reserved: number } | null> {
  const statement = Prisma.sql`
    SELECT ${JOB_COLUMNS}, (SELECT coalesce(sum(workers), 0)::int FROM reservations WHERE pool_id = ${poolId}) AS reserved
    FROM jobs j WHERE j.id = ${jobId}`;
  const [row] = await sql.rows<JobRow & { reserved: number }>(statement, 'find-with-reserved');
  if (row === undefined) return null;
  const { reserved, ...columns } = row;
  return { job: toJob(columns), reserved };
}

async function lockPool(sql: TransactionSql, poolId: string): Promise<Pool | null> {
  const statement = Prisma.sql`SELECT ${POOL_COLUMNS} FROM pools WHERE id = ${poolId} FOR NO KEY UPDATE`;
  const [row] = await sql.rows<PoolRow>(statement, 'lock-pool');
  return row === undefined ? null : toPool(row);
}

function refusalOf(job: FineTuningJob, pool: Pool, request: LaunchRequest, now: Date): Launched | null {
  if (job.status !== 'queued') return refuse('NotQueued', `The job is ${job.status}.`);
  if (job.attempt + 1 !== request.expectedAttempt) {
    return refuse('AttemptMismatch', `The next attempt is ${job.attempt + 1}, not ${request.expectedAttempt}.`);
  }
  if (job.notBefore !== null && job.notBefore > now) return refuse('NotYet', `Not before ${job.notBefore.toISOString()}.`);
  return pool.paused ? refuse('PoolPaused', `Pool ${job.poolId} is paused.`) : null;
}

interface LaunchFacts {
  job: FineTuningJob;
  pool: Pool;
  request: LaunchRequest & { workers: number };
  now: Date;
}

async function write(sql: TransactionSql, { job, pool, request, now }: LaunchFacts): Promise<Launched> {
  const { workers, tokenHash = null } = request;
  const event = { type: 'launched' } as const;
  const written = await writeChange(sql, {
    job,
    now,
    change: changeOf(job, event, 'starting', now),
    entry: describeEvent({ ...job, attempt: job.attempt + 1 }, event, 'starting'),
    launch: { workers, tokenHash, billedUnits: billedUnits(pool, workers), pricePerGpuHour: pool.pricePerGpuHour },
  });
  if (written === null) return refuse('NotQueued', 'The job was changed by another at the same moment.');
  const ledger = toLedgerEntry({
    jobId: written.id,
    attempt: written.attempt,
    epoch: written.epoch,
    state: 'intended',
    poolId: written.poolId,
    workers,
    intendedAt: now,
    tokenHash,
  });
  return { ok: true, job: written, ledger, pool };
}

function refuse(reason: LaunchRefusal, message: string): Launched {
  return { ok: false, reason, message };
}
