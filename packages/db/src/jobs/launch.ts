import { billedUnits, type FineTuningJob, type Pool } from '@capstan/core';
import { changesOfJob } from '../change.ts';
import { type Pool as PoolRow, Prisma } from '../generated/client.ts';
import { type LedgerEntry, toLedgerEntry } from '../ledger-row.ts';
import { POOL_COLUMNS, toPool } from '../pool-row.ts';
import type { TransactionSql } from '../sql.ts';
import { JOB_COLUMNS, type JobRow, toJob } from './job-row.ts';
import type { JobContext } from './jobs.ts';
import { type LaunchWrite, writeLaunches } from './write-launches.ts';

export interface LaunchRequest {
  jobId: string;
  /** The number of the attempt to launch: one more than the job's `attempt`. */
  expectedAttempt: number;
  /** Slots to reserve; as many as the job has workers by default. */
  workers?: number;
  tokenHash?: string | null;
}

export type LaunchRefusal = 'NotFound' | 'NotQueued' | 'AttemptMismatch' | 'NotYet' | 'PoolPaused' | 'NoCapacity';
export type Launched =
  | { ok: true; job: FineTuningJob; ledger: LedgerEntry; pool: Pool }
  | { ok: false; reason: LaunchRefusal; message: string };

/**
 * Reserves the slots of each job and writes its intent, or says why not, in the order given; called twice for one attempt, the second is
 * refused. One transaction for all: many launches cost little more than one. Where a job finds no room, nothing behind it is launched
 * either, for it would overtake. Launches of a pool wait for each other on its row, so the sum of reservations that follows is true until
 * the commit. The lock is NO KEY UPDATE: it does not hold up the creation of jobs, which only refer to the pool.
 */
export async function launchTogether(
  { sql, clock, announcer }: JobContext,
  poolId: string,
  requests: readonly LaunchRequest[],
): Promise<Launched[]> {
  const outcomes = await sql.transaction(async (transaction): Promise<Launched[]> => {
    const pool = await lockPool(transaction, poolId);
    if (pool === null) return requests.map(({ jobId }) => refuse('NotFound', `There is no pool ${poolId} for ${jobId}.`));
    const found = await findWithReserved(transaction, poolId, requests);
    const now = clock.now();
    const decided = decideLaunches(requests, { pool, now, ...found });
    const written = await writeLaunches(
      transaction,
      decided.flatMap((entry) => ('refusal' in entry ? [] : [entry])),
      now,
    );
    return decided.map((entry) => ('refusal' in entry ? entry.refusal : launched(entry, written.get(entry.job.id), { pool, now })));
  });
  // After the commit: a NOTIFY inside would make the launches of all pools commit one after another.
  for (const outcome of outcomes) if (outcome.ok) announcer.announce(...changesOfJob(outcome.job.id, poolId, outcome.job.status));
  return outcomes;
}

interface Found {
  jobs: Map<string, FineTuningJob>;
  reserved: number;
}

/** A statement of its own, after the lock: READ COMMITTED gives it a snapshot in which every earlier launch is visible. */
async function findWithReserved(sql: TransactionSql, poolId: string, requests: readonly LaunchRequest[]): Promise<Found> {
  const statement = Prisma.sql`
    SELECT ${JOB_COLUMNS}, (SELECT coalesce(sum(workers), 0)::int FROM reservations WHERE pool_id = ${poolId}) AS reserved
    FROM jobs j WHERE j.id = ANY(${requests.map(({ jobId }) => jobId)}::text[]) AND j.pool_id = ${poolId}`;
  const rows = await sql.rows<JobRow & { reserved: number }>(statement, 'find-with-reserved');
  const jobs = new Map(rows.map(({ reserved: _reserved, ...columns }) => [columns.id, toJob(columns)]));
  return { jobs, reserved: rows[0]?.reserved ?? 0 };
}

async function lockPool(sql: TransactionSql, poolId: string): Promise<Pool | null> {
  const statement = Prisma.sql`SELECT ${POOL_COLUMNS} FROM pools WHERE id = ${poolId} FOR NO KEY UPDATE`;
  const [row] = await sql.rows<PoolRow>(statement, 'lock-pool');
  return row === undefined ? null : toPool(row);
}

type Decided = LaunchWrite | { refusal: Launched };

function decideLaunches(requests: readonly LaunchRequest[], { pool, now, jobs, reserved }: Found & { pool: Pool; now: Date }): Decided[] {
  let free = pool.maxWorkers - reserved;
  let isFull = false;
  return requests.map((request): Decided => {
    const job = jobs.get(request.jobId);
    if (job === undefined) return { refusal: refuse('NotFound', `There is no job ${request.jobId} in pool ${pool.id}.`) };
    const refusal = refusalOf(job, pool, request, now);
    if (refusal !== null) return { refusal };
    const workers = request.workers ?? job.spec.resources.workers;
    isFull ||= workers > free;
    if (isFull) return { refusal: refuse('NoCapacity', `The job needs ${workers} slots; pool ${pool.id} has ${Math.max(0, free)} free.`) };
    free -= workers;
    // Named twice in one call, it is launched once.
    jobs.set(job.id, { ...job, status: 'starting' });
    const { tokenHash = null } = request;
    return { job, workers, tokenHash, billedUnits: billedUnits(pool, workers), pricePerGpuHour: pool.pricePerGpuHour };
  });
}

function refusalOf(job: FineTuningJob, pool: Pool, request: LaunchRequest, now: Date): Launched | null {
  if (job.status !== 'queued') return refuse('NotQueued', `The job is ${job.status}.`);
  if (job.attempt + 1 !== request.expectedAttempt) {
    return refuse('AttemptMismatch', `The next attempt is ${job.attempt + 1}, not ${request.expectedAttempt}.`);
  }
  if (job.notBefore !== null && job.notBefore > now) return refuse('NotYet', `Not before ${job.notBefore.toISOString()}.`);
  return pool.paused ? refuse('PoolPaused', `Pool ${job.poolId} is paused.`) : null;
}

function launched({ workers, tokenHash }: LaunchWrite, job: FineTuningJob | undefined, { pool, now }: { pool: Pool; now: Date }): Launched {
  if (job === undefined) return refuse('NotQueued', 'The job was changed by another at the same moment.');
  const { id: jobId, attempt, epoch, poolId } = job;
  const ledger = toLedgerEntry({ jobId, attempt, epoch, state: 'intended', poolId, workers, intendedAt: now, tokenHash });
  return { ok: true, job, ledger, pool };
}

function refuse(reason: LaunchRefusal, message: string): Launched {
  return { ok: false, reason, message };
}
