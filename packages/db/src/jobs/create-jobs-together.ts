import { type FineTuningJob, InvalidRequestError } from '@capstan/core';
import { Prisma } from '../generated/client.ts';
import { json } from '../sql.ts';
import { type Created, freshJob, type NewJob } from './create-job.ts';
import type { JobContext } from './jobs.ts';

/** What became of one job of a batch; the others do not suffer for it. */
export type Outcome = { ok: true; created: Created } | { ok: false; error: unknown };

/**
 * Rows and first events of many jobs in one statement, which is one transaction: all of them, save those whose pool does not exist, or none.
 * For jobs without a claim.
 */
export async function createJobsTogether(context: JobContext, inputs: readonly NewJob[]): Promise<Outcome[]> {
  const now = context.clock.now();
  const jobs = inputs.map((input) => freshJob(input, now));
  const rows = jobs.map((job, index) => toRow(job, inputs[index]?.bodyHash ?? null));
  const made = new Set((await insert(context, rows, now)).map(({ id }) => id));
  for (const { id, poolId } of jobs) if (made.has(id)) context.announcer.announce({ kind: 'queued', poolId });
  return jobs.map((job): Outcome => {
    if (made.has(job.id)) return { ok: true, created: { job, created: true } };
    return { ok: false, error: new InvalidRequestError(`There is no pool ${job.poolId}.`, { param: 'capstan.pool' }) };
  });
}

function toRow(job: FineTuningJob, bodyHash: string | null): object {
  return {
    id: job.id,
    project_id: job.projectId,
    pool_id: job.poolId,
    priority: job.priority,
    max_attempts: job.maxAttempts,
    spec: job.spec,
    metadata: job.metadata,
    owner: job.owner,
    estimate: job.estimate,
    body_hash: bodyHash,
  };
}

/** One parameter carries the whole batch: no escaping of JSON in arrays, and one plan for every size. */
function insert({ sql }: JobContext, rows: readonly object[], now: Date): Promise<{ id: string }[]> {
  const statement = Prisma.sql`
    WITH created AS (
      INSERT INTO jobs (id, project_id, pool_id, priority, max_attempts, spec, metadata, owner, estimate, body_hash, created_at, queued_at)
      SELECT fresh.id, fresh.project_id, pools.id, fresh.priority, fresh.max_attempts, fresh.spec, fresh.metadata,
        fresh.owner, fresh.estimate, fresh.body_hash, ${now}::timestamptz, ${now}::timestamptz
      FROM json_to_recordset(${json(rows)}::json) AS fresh (id text, project_id text, pool_id text, priority int, max_attempts int,
        spec jsonb, metadata jsonb, owner text, estimate jsonb, body_hash text)
      JOIN pools ON pools.id = fresh.pool_id
      RETURNING id),
    events AS (
      INSERT INTO job_events (job_id, message, data, created_at)
      SELECT id, 'The job was created and waits in its pool.', '{"state": "queued"}', ${now}::timestamptz FROM created)
    SELECT id FROM created`;
  return sql.rows<{ id: string }>(statement, 'create-jobs');
}
