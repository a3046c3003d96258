import { ConflictError, type FineTuningJob, InvalidRequestError, type JobEstimate, type JobSpec } from '@capstan/core';
import { Prisma } from '../generated/client.ts';
import { json } from '../sql.ts';
import { findJob } from './find-job.ts';
import type { JobContext } from './jobs.ts';

export interface NewJob {
  id: string;
  projectId: string;
  poolId: string;
  spec: JobSpec;
  /** 0..100, smaller first. */
  priority: number;
  maxAttempts: number;
  metadata: Record<string, string> | null;
  /** The name of the key that submits it. */
  owner?: string | null;
  /** The job that this one repeats. */
  retryOf?: string | null;
  estimate: JobEstimate;
  /** sha256 of the request. */
  bodyHash?: string | null;
  /** The caller's key: the same key with the same body gives the first job, with another body a ConflictError. */
  idempotency?: { key: string; bodyHash: string };
  /** For a request without a key whose sender repeats it by itself where an answer is late. */
  repeatable?: Repeatable;
}

export interface Repeatable {
  bodyHash: string;
  /** Whether this is such a repetition: then it gets the job that was made of the same body since `since`. */
  isRetry: boolean;
  since: Date;
  /** A first request that arrived before a repetition of it has made the job gets that job. */
  receivedAt: Date;
}

export interface Created {
  job: FineTuningJob;
  /** False where the key named a job that was there already. */
  created: boolean;
}

/**
 * Row, first event and claim in one statement, which is one transaction and one round trip. Of equal requests at once, here or at another
 * API, one inserts the claim; the others wait for its commit on the unique index, insert nothing, and read the job that it names.
 */
export async function createJob(context: JobContext, input: NewJob): Promise<Created> {
  const job = freshJob(input, context.clock.now());
  const [inserted] = await insert(context, job, input);
  if (inserted === undefined) return { job: await findFirst(context, input), created: false };
  // Nobody can be watching the job yet; its pool has one more that waits.
  context.announcer.announce({ kind: 'queued', poolId: job.poolId });
  return { job, created: true };
}

/** Both rows hang on the pool, so that an unknown pool leaves neither. */
function insert({ sql }: JobContext, job: FineTuningJob, input: NewJob): Promise<unknown[]> {
  const claim = claimOf(job, input);
  const bodyHash = input.bodyHash ?? input.idempotency?.bodyHash ?? null;
  const statement = Prisma.sql`
    WITH pool AS (SELECT id FROM pools WHERE id = ${job.poolId}), ${claim === null ? Prisma.empty : Prisma.sql`claim AS (${claim.part}), `}
    created AS (
      INSERT INTO jobs (id, project_id, pool_id, priority, max_attempts, spec, metadata, owner, retry_of, estimate, body_hash, created_at, queued_at)
      SELECT ${job.id}, ${job.projectId}, pool.id, ${job.priority}::int, ${job.maxAttempts}::int, ${json(job.spec)}::jsonb,
        ${json(job.metadata)}::jsonb, ${job.owner}, ${job.retryOf}, ${json(job.estimate)}::jsonb, ${bodyHash}, ${job.createdAt}::timestamptz, ${job.queuedAt}::timestamptz
      FROM pool ${claim === null ? Prisma.empty : Prisma.sql`, claim`}
      RETURNING id)
    INSERT INTO job_events (job_id, message, data, created_at)
    SELECT id, 'The job was created and waits in its pool.', '{"state": "queued"}', ${job.createdAt}::timestamptz FROM created
    RETURNING seq`;
  return sql.rows(statement, `create-job${claim?.name ?? ''}`);
}

/** The part of the statement that yields a row only if the job is to be made; null where nothing is to be claimed. */
function claimOf(job: FineTuningJob, { idempotency, repeatable }: NewJob): { name: string; part: Prisma.Sql } | null {
  if (idempotency !== undefined) return { name: '-once', part: claimKey(job, idempotency) };
  if (repeatable === undefined) return null;
  return { name: repeatable.isRetry ? '-retry' : '-repeatable', part: claimBody(job, repeatable) };
}

function claimKey({ id, projectId, createdAt }: FineTuningJob, { key, bodyHash }: { key: string; bodyHash: string }): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO idempotency_keys (project_id, key, body_hash, job_id, created_at)
    SELECT ${projectId}, ${key}, ${bodyHash}, ${id}, ${createdAt}::timestamptz FROM pool
    ON CONFLICT DO NOTHING RETURNING job_id`;
}

/**
 * A repetition takes the claim only if nobody holds a young one. A first request always takes it, since the same request may be meant twice,
 * unless a repetition took it while this one was on its way: then that was its own.
 */
function claimBody({ id, projectId, createdAt }: FineTuningJob, { bodyHash, isRetry, since, receivedAt }: Repeatable): Prisma.Sql {
  const isFree = isRetry
    ? Prisma.sql`held.created_at < ${since}::timestamptz`
    : Prisma.sql`NOT (held.by_retry AND held.created_at >= ${receivedAt}::timestamptz)`;
  return Prisma.sql`
    INSERT INTO submission_claims AS held (project_id, body_hash, job_id, by_retry, created_at)
    SELECT ${projectId}, ${bodyHash}, ${id}, ${isRetry}::boolean, ${createdAt}::timestamptz FROM pool
    ON CONFLICT (project_id, body_hash) DO UPDATE SET
      job_id = excluded.job_id, by_retry = excluded.by_retry, created_at = excluded.created_at
    WHERE ${isFree} RETURNING job_id`;
}

/** What the row will hold, known without reading it back. */
export function freshJob(input: NewJob, now: Date): FineTuningJob {
  return {
    id: input.id,
    projectId: input.projectId,
    poolId: input.poolId,
    status: 'queued',
    version: 0,
    attempt: 0,
    failures: 0,
    maxAttempts: input.maxAttempts,
    epoch: 0,
    priority: input.priority,
    spec: input.spec,
    reason: null,
    message: null,
    notBefore: null,
    isDrained: false,
    progress: null,
    fineTunedModel: null,
    trainedTokens: null,
    metadata: input.metadata,
    owner: input.owner ?? null,
    retryOf: input.retryOf ?? null,
    holdMessage: null,
    estimate: input.estimate,
    usage: { gpuSeconds: 0, costUsd: 0 },
    result: null,
    createdAt: now,
    queuedAt: now,
    startedAt: null,
    finishedAt: null,
  };
}

/** Without a claim, nothing but the pool can have kept the row from being written. */
async function findFirst(context: JobContext, input: NewJob): Promise<FineTuningJob> {
  const job = await findClaimed(context, input);
  if (job === null) throw new InvalidRequestError(`There is no pool ${input.poolId}.`, { param: 'capstan.pool' });
  return job;
}

/** The job that the claim of the request names; null where there is none. */
export async function findClaimed({ sql }: JobContext, { projectId, idempotency, repeatable }: NewJob): Promise<FineTuningJob | null> {
  const statement =
    idempotency === undefined
      ? Prisma.sql`SELECT job_id AS "jobId", body_hash AS "bodyHash" FROM submission_claims
          WHERE project_id = ${projectId} AND body_hash = ${repeatable?.bodyHash ?? null}`
      : Prisma.sql`SELECT job_id AS "jobId", body_hash AS "bodyHash" FROM idempotency_keys
          WHERE project_id = ${projectId} AND key = ${idempotency.key}`;
  const [claim] = await sql.rows<{ jobId: string; bodyHash: string }>(
    statement,
    idempotency === undefined ? 'find-submission-claim' : 'find-idempotency-key',
  );
  const job = claim === undefined ? null : await findJob(sql, claim.jobId, projectId);
  if (claim === undefined || job === null) return null;
  if (idempotency === undefined || claim.bodyHash === idempotency.bodyHash) return job;
  throw new ConflictError('This Idempotency-Key was used before with a different request.', { reason: 'idempotency_key_reused' });
}
