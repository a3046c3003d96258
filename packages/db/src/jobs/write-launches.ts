import type { FineTuningJob } from '@capstan/core';
import { Prisma } from '../generated/client.ts';
import { json, type TransactionSql } from '../sql.ts';
import { describeEvent } from './describe-event.ts';
import { JOB_COLUMNS, type JobRow, toJob } from './job-row.ts';

/** What a launch writes of one job. */
export interface LaunchWrite {
  /** As it was read; one whose version has moved on is left alone. */
  job: FineTuningJob;
  workers: number;
  billedUnits: number;
  pricePerGpuHour: number;
  tokenHash: string | null;
}

/**
 * The intents of many launches in one statement, before any launcher is called: status, ledger row, reservation, one report position per
 * rank, and event of each. Answers the jobs that were written.
 */
export async function writeLaunches(sql: TransactionSql, launches: readonly LaunchWrite[], now: Date): Promise<Map<string, FineTuningJob>> {
  if (launches.length === 0) return new Map();
  const statement = Prisma.sql`
    WITH launch AS (
      SELECT * FROM json_to_recordset(${json(launches.map(toRow))}::json) AS launch(id text, version int, workers int, billed_units int,
        price_per_gpu_hour float8, token_hash text, level text, message text, data jsonb)),
    gate AS (
      SELECT j.id FROM jobs j JOIN launch ON launch.id = j.id AND launch.version = j.version ORDER BY j.id FOR NO KEY UPDATE OF j),
    job AS (
      UPDATE jobs j SET status = 'starting', version = j.version + 1, attempt = j.attempt + 1, epoch = j.epoch + 1,
        reason = NULL, message = NULL, not_before = NULL, hold_message = NULL
      FROM gate WHERE j.id = gate.id RETURNING j.*),
    intended AS (
      INSERT INTO attempts (job_id, attempt, epoch, state, pool_id, workers, billed_units, price_per_gpu_hour, token_hash, intended_at)
      SELECT id, attempt, epoch, 'intended', pool_id, workers, billed_units, price_per_gpu_hour, token_hash, ${now}::timestamptz
      FROM job JOIN launch USING (id)),
    reserved AS (
      INSERT INTO reservations (job_id, attempt, pool_id, workers, created_at)
      SELECT id, attempt, pool_id, workers, ${now}::timestamptz FROM job JOIN launch USING (id)),
    positions AS (
      INSERT INTO report_positions (job_id, attempt, rank)
      SELECT id, attempt, rank FROM job JOIN launch USING (id), generate_series(0, workers - 1) AS rank),
    event AS (
      INSERT INTO job_events (job_id, level, message, data, created_at)
      SELECT id, launch.level::severity, launch.message, launch.data, ${now}::timestamptz FROM job JOIN launch USING (id))
    SELECT ${JOB_COLUMNS} FROM job j`;
  const rows = await sql.rows<JobRow>(statement, 'write-launches');
  return new Map(rows.map((row) => [row.id, toJob(row)]));
}

function toRow({ job, workers, billedUnits, pricePerGpuHour, tokenHash }: LaunchWrite): object {
  const { level, message, data } = describeEvent({ ...job, attempt: job.attempt + 1 }, { type: 'launched' }, 'starting');
  const bill = { workers, billed_units: billedUnits, price_per_gpu_hour: pricePerGpuHour, token_hash: tokenHash };
  return { id: job.id, version: job.version, ...bill, level, message, data };
}
