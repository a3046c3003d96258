import type { ArtifactRef, FineTuningJob, JobResult } from '@capstan/core';
import { Prisma } from '../generated/client.ts';
import { json, type TransactionSql } from '../sql.ts';
import type { EventEntry } from './describe-event.ts';
import type { JobChange } from './job-change.ts';
import { JOB_COLUMNS, type JobRow, toJob } from './job-row.ts';

/** The fine-tuned model that a successful job leaves; its id is the event's `fineTunedModel`. */
export interface NewFineTunedModel {
  base: string;
  artifacts: ArtifactRef[];
  config: unknown;
  method: 'lora' | 'full';
  parameterCount?: number | null;
  ownedBy: string;
}

/** A file that the job leaves to its project; its content is in the artifact store already. */
export interface NewResultFile {
  id: string;
  filename: string;
  bytes: number;
  sha256: string;
}

/** What is written in the same transaction as the change of status. */
export interface Effects {
  /** Applies the event only while the job is in this epoch; any other refuses it. */
  expectedEpoch?: number;
  model?: NewFineTunedModel;
  result?: JobResult;
  /** Written only if the job succeeds. */
  file?: NewResultFile;
  /** The last step of the ended attempt, where it is known better than by the stored progress. */
  lastStep?: number;
}

export interface ChangeWrite {
  job: FineTuningJob;
  change: JobChange;
  entry: EventEntry;
  now: Date;
  failure?: { reason: string; message: string; exitCode: number | null };
  effects?: Effects;
}

/**
 * Writes the change, all that goes with it and its event in one statement, or nothing and null where the job's version has moved on.
 * Everything hangs on `gate`, which locks the row only at the expected version.
 */
export async function writeChange(sql: TransactionSql, write: ChangeWrite): Promise<FineTuningJob | null> {
  const { job, change, effects } = write;
  const parts = [
    ...(change.endsAttempt ? [endedAttempt(write)] : []),
    jobUpdate(write),
    ...(change.status === 'running' ? [launchedAttempt()] : []),
    ...(change.asksToStop ? [stopRequest(write.now)] : []),
    ...(effects?.model === undefined ? [] : [modelInsert(effects.model, change, write.now)]),
    ...(effects?.file === undefined ? [] : [fileInsert(effects.file, change, write.now)]),
    eventInsert(write),
  ];
  const statement = Prisma.sql`
    WITH gate AS (SELECT * FROM jobs WHERE id = ${job.id} AND version = ${job.version} FOR NO KEY UPDATE), ${Prisma.join(parts, ', ')}
    SELECT ${JOB_COLUMNS} FROM job j`;
  // Planning these parts takes longer than running them, so each combination is prepared once per connection.
  const [row] = await sql.rows<JobRow>(statement, `write-change${shapeOf(write)}`);
  return row === undefined ? null : toJob(row);
}

function shapeOf({ change, effects }: ChangeWrite): string {
  const shape = {
    ends: change.endsAttempt,
    runs: change.status === 'running',
    stops: change.asksToStop,
    models: effects?.model !== undefined,
    files: effects?.file !== undefined,
  };
  return Object.entries(shape)
    .map(([part, isThere]) => (isThere ? `-${part}` : ''))
    .join('');
}

function jobUpdate({ change, effects }: ChangeWrite): Prisma.Sql {
  const epochs = change.endsAttempt ? 1 : 0;
  const bill = (column: string) => (change.endsAttempt ? Prisma.raw(`coalesce((SELECT ${column} FROM billed), 0)`) : Prisma.raw('0'));
  return Prisma.sql`job AS (
    UPDATE jobs j SET
      status = ${change.status}::job_status, version = j.version + 1,
      epoch = j.epoch + ${epochs}::int, failures = ${change.failures},
      reason = ${change.reason}, message = ${change.message}, not_before = ${change.notBefore}::timestamptz,
      is_drained = ${change.isDrained}::boolean,
      fine_tuned_model = ${change.fineTunedModel}, trained_tokens = ${change.trainedTokens}::bigint,
      result = coalesce(${json(effects?.result)}::jsonb, j.result),
      gpu_seconds = j.gpu_seconds + ${bill('gpu_seconds')}, cost_usd = j.cost_usd + ${bill('cost_usd')},
      hold_message = NULL, queued_at = ${change.queuedAt}::timestamptz, started_at = ${change.startedAt}::timestamptz,
      finished_at = ${change.finishedAt}::timestamptz
    FROM gate WHERE j.id = gate.id RETURNING j.*)`;
}

/** Closes the ledger row once, frees the slots, and bills the time since the launcher answered. */
function endedAttempt({ failure, effects, now }: ChangeWrite): Prisma.Sql {
  return Prisma.sql`ended AS (
    UPDATE attempts a SET
      state = 'ended', ended_at = ${now}::timestamptz, reason = ${failure?.reason ?? null}, message = ${failure?.message ?? null},
      exit_code = ${failure?.exitCode ?? null}::int, status_message = NULL,
      last_step = coalesce(${effects?.lastStep ?? null}::int, (gate.progress->>'step')::int)
    FROM gate WHERE a.job_id = gate.id AND a.attempt = gate.attempt AND a.state <> 'ended'
    RETURNING a.job_id, a.attempt, a.pool_id, gate.project_id, a.price_per_gpu_hour,
      a.billed_units * greatest(0, coalesce(extract(epoch FROM (${now}::timestamptz - a.launched_at)), 0))::float8 AS gpu_seconds
  ), released AS (DELETE FROM reservations r USING gate WHERE r.job_id = gate.id
  ), silenced AS (DELETE FROM heartbeats h USING gate WHERE h.job_id = gate.id AND h.attempt = gate.attempt
  ), billed AS (
    INSERT INTO usage (job_id, attempt, project_id, pool_id, gpu_seconds, cost_usd, ended_at)
    SELECT job_id, attempt, project_id, pool_id, gpu_seconds, gpu_seconds / 3600 * price_per_gpu_hour, ${now}::timestamptz FROM ended
    RETURNING gpu_seconds, cost_usd)`;
}

/** Ranks that train were launched, and are billed, although nobody came to write down the launcher's answer. */
function launchedAttempt(): Prisma.Sql {
  return Prisma.sql`launched AS (
    UPDATE attempts a SET state = 'launched', launched_at = a.intended_at
    FROM gate WHERE a.job_id = gate.id AND a.attempt = gate.attempt AND a.state = 'intended')`;
}

function stopRequest(now: Date): Prisma.Sql {
  return Prisma.sql`stopping AS (
    UPDATE attempts a SET stop_requested_at = coalesce(a.stop_requested_at, ${now}::timestamptz)
    FROM gate WHERE a.job_id = gate.id AND a.attempt = gate.attempt AND a.state <> 'ended')`;
}

function modelInsert(model: NewFineTunedModel, change: JobChange, now: Date): Prisma.Sql {
  return Prisma.sql`model AS (
    INSERT INTO models (id, kind, project_id, base, job_id, method, artifacts, config, parameter_count, owned_by, created_at)
    SELECT fine_tuned_model, 'fine-tuned', project_id, ${model.base}, id, ${model.method}::training_method, ${json(model.artifacts)}::jsonb,
      ${json(model.config ?? {})}::jsonb, ${model.parameterCount ?? null}::bigint, ${model.ownedBy}, ${now}::timestamptz
    FROM job WHERE ${change.status === 'succeeded'} ON CONFLICT DO NOTHING)`;
}

function fileInsert({ id, filename, bytes, sha256 }: NewResultFile, change: JobChange, now: Date): Prisma.Sql {
  return Prisma.sql`file AS (
    INSERT INTO files (id, project_id, filename, purpose, bytes, sha256, status, created_at)
    SELECT ${id}, project_id, ${filename}, 'fine-tune-results', ${bytes}::bigint, ${sha256}, 'processed', ${now}::timestamptz
    FROM job WHERE ${change.status === 'succeeded'} ON CONFLICT DO NOTHING)`;
}

function eventInsert({ entry, now }: ChangeWrite): Prisma.Sql {
  return Prisma.sql`event AS (
    INSERT INTO job_events (job_id, level, message, data, created_at)
    SELECT id, ${entry.level}::severity, ${entry.message}, ${json(entry.data)}::jsonb, ${now}::timestamptz FROM job)`;
}
