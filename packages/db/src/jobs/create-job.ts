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
  estimate: JobEstimate;
  /** sha256 of the request, by which `findRecentReplay` knows a client library's own retry. */
  bodyHash?: string | null;
  /** The caller's key: the same key with the same body gives the first job, with another body a ConflictError. */
  idempotency?: { key: string; bodyHash: string };
}

export interface Created {
  job: FineTuningJob;
  /** False where the key named a job that was there already. */
  created: boolean;
}

/**
 * Row, first event and idempotency key in one statement, which is one transaction and one round trip. Of equal requests at once, one
 * inserts the key; the others wait for its commit on the unique index, insert nothing, and read the job that it names.
 */
export async function createJob(context: JobContext, input: NewJob): Promise<Created> {
  const job = freshJob(input, context.clock.now());
  const bodyHash = input.bodyHash ?? input.idempotency?.bodyHash ?? null;
  const [inserted] = await insert(context, job, bodyHash, input.idempotency?.key);
  if (inserted === undefined) return { job: await findFirst(context, input), created: false };
  // Nobody can be watching the job yet; its pool has one more that waits.
  context.announcer.announce({ kind: 'queued', poolId: job.poolId });
  return { job, created: true };
}

/** Both rows hang on the pool, so that an unknown pool leaves neither. */
function insert({ sql }: JobContext, job: FineTuningJob, bodyHash: string | null, key: string | undefined): Promise<unknown[]> {
  const claim = Prisma.sql`claim AS (
    INSERT INTO idempotency_keys (project_id, key, body_hash, job_id, created_at)
    SELECT ${job.projectId}, ${key}, ${bodyHash}, ${job.id}, ${job.createdAt}::timestamptz FROM pool
    ON CONFLICT DO NOTHING RETURNING job_id), `;
  const statement = Prisma.sql`
    WITH pool AS (SELECT id FROM pools WHERE id = ${job.poolId}), ${key === undefined ? Prisma.empty : claim} created AS (
      INSERT INTO jobs (id, project_id, pool_id, priority, max_attempts, spec, metadata, estimate, body_hash, created_at, queued_at)
      SELECT ${job.id}, ${job.projectId}, pool.id, ${job.priority}::int, ${job.maxAttempts}::int, ${json(job.spec)}::jsonb,
        ${json(job.metadata)}::jsonb, ${json(job.estimate)}::jsonb, ${bodyHash}, ${job.createdAt}::timestamptz, ${job.queuedAt}::timestamptz
      FROM pool ${key === undefined ? Prisma.empty : Prisma.sql`, claim`}
      RETURNING id)
    INSERT INTO job_events (job_id, message, data, created_at)
    SELECT id, 'The job was created and waits in its pool.', '{"state": "queued"}', ${job.createdAt}::timestamptz FROM created
    RETURNING seq`;
  return sql.rows(statement, key === undefined ? 'create-job' : 'create-job-once');
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
    progress: null,
    fineTunedModel: null,
    trainedTokens: null,
    metadata: input.metadata,
    estimate: input.estimate,
    usage: { gpuSeconds: 0, costUsd: 0 },
    result: null,
    createdAt: now,
    queuedAt: now,
    startedAt: null,
    finishedAt: null,
  };
}

/** The job that the key names. Without one, nothing but the pool can have kept the row from being written. */
async function findFirst({ sql }: JobContext, { projectId, poolId, idempotency }: NewJob): Promise<FineTuningJob> {
  const statement = Prisma.sql`
    SELECT job_id AS "jobId", body_hash AS "bodyHash" FROM idempotency_keys WHERE project_id = ${projectId} AND key = ${idempotency?.key}`;
  const [claim] = await sql.rows<{ jobId: string; bodyHash: string }>(statement, 'find-idempotency-key');
  const job = claim === undefined ? null : await findJob(sql, claim.jobId, projectId);
  if (claim === undefined || job === null) throw new InvalidRequestError(`There is no pool ${poolId}.`, { param: 'capstan.pool' });
  if (claim.bodyHash === idempotency?.bodyHash) return job;
  throw new ConflictError('This Idempotency-Key was used before with a different request.', { reason: 'idempotency_key_reused' });
}
