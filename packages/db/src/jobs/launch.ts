import { billedUnits, type FineTuningJob, launchRefusal, type Pool, widthRefusal } from '@capstan/core';
import { changesOfJob } from '../change.ts';
import { type Pool as PoolRow, Prisma } from '../generated/client.ts';
import { type LedgerEntry, toLedgerEntry } from '../ledger-row.ts';
import { POOL_COLUMNS, toPool } from '../pool-row.ts';
import { lockLimits, type ProjectLimits } from '../project-use.ts';
import type { TransactionSql } from '../sql.ts';
import { hold } from './hold.ts';
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

export type LaunchRefusal =
  | 'NotFound'
  | 'NotQueued'
  | 'AttemptMismatch'
  | 'NotYet'
  | 'PoolPaused'
  | 'NoCapacity'
  | 'TooWide'
  | 'QuotaExceeded';
export type Launched =
  | { ok: true; job: FineTuningJob; ledger: LedgerEntry; pool: Pool }
  | { ok: false; reason: LaunchRefusal; message: string };

/**
 * Reserves the slots of each job and writes its intent, or says why not, in the order given; called twice for one attempt, the second is
 * refused. One transaction for all: many launches cost little more than one. Where a job finds no room, nothing behind it is launched
 * either, for it would overtake. A job whose project may not hold more, or that is wider than the pool may ever be, is held back in its row, and the
 * others pass it. Launches of a pool wait for each other on its row, so the sum of reservations that follows is true until
 * the commit, and so do launches of a project that has limits, in whichever pools: everybody locks the pool first. The locks are NO KEY UPDATE:
 * they do not hold up the creation of jobs, which only refer to the pool.
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
    const limits = found.isLimited
      ? await lockLimits(
          transaction,
          [...found.jobs.values()].map(({ projectId }) => projectId),
          now,
        )
      : new Map();
    const decided = decideLaunches(requests, { pool, now, limits, ...found });
    for (const entry of decided) if ('held' in entry) await hold(transaction, entry.held, entry.refusal.message);
    const written = await writeLaunches(
      transaction,
      decided.flatMap((entry) => ('refusal' in entry ? [] : [entry])),
      now,
    );
    return decided.map((entry) => ('refusal' in entry ? entry.refusal : launched(entry, written.get(entry.job.id), { pool, now })));
  });
  // After the commit: a NOTIFY inside would make the launches of all pools commit one after another.
  outcomes.forEach((outcome, place) => {
    if (outcome.ok) announcer.announce(...changesOfJob(outcome.job.id, poolId, outcome.job.status));
    else if (outcome.reason === 'QuotaExceeded' || outcome.reason === 'TooWide')
      announcer.announce({ kind: 'job', jobId: requests[place]?.jobId ?? '', poolId, status: 'queued' });
  });
  return outcomes;
}

interface Found {
  jobs: Map<string, FineTuningJob>;
  reserved: number;
  /** Some job's project has a limit on what runs. */
  isLimited: boolean;
}

/** A statement of its own, after the lock: READ COMMITTED gives it a snapshot in which every earlier launch is visible. */
async function findWithReserved(sql: TransactionSql, poolId: string, requests: readonly LaunchRequest[]): Promise<Found> {
  const statement = Prisma.sql`
    SELECT ${JOB_COLUMNS}, (SELECT coalesce(sum(workers), 0)::int FROM reservations WHERE pool_id = ${poolId}) AS reserved,
      EXISTS (SELECT FROM projects p WHERE p.id = j.project_id AND num_nonnulls(p.max_concurrent_gpus, p.monthly_budget_usd) > 0) AS "isLimited"
    FROM jobs j WHERE j.id = ANY(${requests.map(({ jobId }) => jobId)}::text[]) AND j.pool_id = ${poolId}`;
  const rows = await sql.rows<JobRow & { reserved: number; isLimited: boolean }>(statement, 'find-with-reserved');
  const jobs = new Map(rows.map(({ reserved: _reserved, isLimited: _isLimited, ...columns }) => [columns.id, toJob(columns)]));
  return { jobs, reserved: rows[0]?.reserved ?? 0, isLimited: rows.some(({ isLimited }) => isLimited) };
}

async function lockPool(sql: TransactionSql, poolId: string): Promise<Pool | null> {
  const statement = Prisma.sql`SELECT ${POOL_COLUMNS} FROM pools WHERE id = ${poolId} FOR NO KEY UPDATE`;
  const [row] = await sql.rows<PoolRow>(statement, 'lock-pool');
  return row === undefined ? null : toPool(row);
}

type Refused = Extract<Launched, { ok: false }>;
type Decided = LaunchWrite | { refusal: Refused } | { refusal: Refused; held: FineTuningJob };

interface Surroundings extends Found {
  pool: Pool;
  limits: ProjectLimits;
  now: Date;
}

function decideLaunches(requests: readonly LaunchRequest[], { pool, limits, now, jobs, reserved }: Surroundings): Decided[] {
  let free = pool.maxWorkers - reserved;
  let isFull = false;
  return requests.map((request): Decided => {
    const job = jobs.get(request.jobId);
    if (job === undefined) return { refusal: refuse('NotFound', `There is no job ${request.jobId} in pool ${pool.id}.`) };
    const refusal = refusalOf(job, pool, request, now);
    if (refusal !== null) return { refusal };
    const workers = request.workers ?? job.spec.resources.workers;
    const tooWide = widthRefusal(pool, workers);
    if (tooWide !== null) return { refusal: refuse('TooWide', `${tooWide}: it starts once the pool is that large.`), held: job };
    const units = billedUnits(pool, workers);
    const overQuota = isFull ? null : quotaRefusal(limits, job, units);
    if (overQuota !== null) return { refusal: refuse('QuotaExceeded', overQuota), held: job };
    isFull ||= workers > free;
    if (isFull) return { refusal: refuse('NoCapacity', `The job needs ${workers} slots; pool ${pool.id} has ${Math.max(0, free)} free.`) };
    free -= workers;
    takeUnits(limits, job, units);
    // Named twice in one call, it is launched once.
    jobs.set(job.id, { ...job, status: 'starting' });
    const { tokenHash = null } = request;
    return { job, workers, tokenHash, billedUnits: units, pricePerGpuHour: pool.pricePerGpuHour };
  });
}

function quotaRefusal(limits: ProjectLimits, { projectId }: FineTuningJob, units: number): string | null {
  const limit = limits.get(projectId);
  return limit === undefined ? null : launchRefusal(limit.quota, limit.use, units);
}

function takeUnits(limits: ProjectLimits, { projectId }: FineTuningJob, units: number): void {
  const limit = limits.get(projectId);
  if (limit !== undefined) limit.use.heldGpus += units;
}

function refusalOf(job: FineTuningJob, pool: Pool, request: LaunchRequest, now: Date): Refused | null {
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

function refuse(reason: LaunchRefusal, message: string): Refused {
  return { ok: false, reason, message };
}
