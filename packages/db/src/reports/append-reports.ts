import {
  ACTIVE_STATUSES,
  type Clock,
  InvalidRequestError,
  type JobStatus,
  type NumberedReport,
  type RankIdentity,
  StaleEpochError,
} from '@capstan/core';
import type { Announcer } from '../announcer.ts';
import { Prisma } from '../generated/client.ts';
import type { Sql } from '../sql.ts';
import { sortReports } from './report-batch.ts';
import { batchParts } from './write-batch.ts';

export interface ReportContext {
  sql: Sql;
  clock: Clock;
  announcer: Announcer;
}

export interface AppendRequest {
  identity: RankIdentity;
  /** Consecutive numbers, in order. */
  reports: readonly NumberedReport[];
}

export interface ReportRepository {
  /**
   * Stores what is new of the batch and returns the highest number stored, in one statement and one transaction. Numbers that were
   * stored before are passed over, so a batch may be sent again; a gap is an InvalidRequestError; a rank whose attempt no longer owns
   * the job gets a StaleEpochError. Terminal reports (`succeeded`, `stopped`, `failed`) only take their number, and do so even after
   * the event they caused has ended the attempt, so that their sender is acknowledged.
   */
  append(request: AppendRequest): Promise<{ acknowledged: number }>;
  /** The highest number stored of a rank, 0 before its first; it only grows. A rank that was never launched gets a StaleEpochError. */
  position(identity: RankIdentity): Promise<number>;
}

const TRIES = 3;
const TERMINAL_TYPES: readonly string[] = ['succeeded', 'stopped', 'failed'] satisfies NumberedReport['report']['type'][];

export function createReportRepository(context: ReportContext): ReportRepository {
  return {
    append: ({ identity, reports }) => append(context, identity, reports),
    position: (identity) => position(context, identity),
  };
}

async function position({ sql }: ReportContext, { jobId, attempt, rank }: RankIdentity): Promise<number> {
  const statement = Prisma.sql`
    SELECT sequence FROM report_positions WHERE job_id = ${jobId} AND attempt = ${attempt}::int AND rank = ${rank}::int`;
  const [row] = await sql.rows<{ sequence: number }>(statement, 'report-position');
  if (row === undefined) throw neverLaunched({ jobId, attempt, rank });
  return row.sequence;
}

async function append(
  context: ReportContext,
  identity: RankIdentity,
  reports: readonly NumberedReport[],
): Promise<{ acknowledged: number }> {
  requireConsecutive(reports);
  let fresh = reports;
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const outcome = await write(context, identity, fresh);
    if (outcome.accepted) {
      context.announcer.announce({ kind: 'report', jobId: identity.jobId });
      return { acknowledged: fresh.at(-1)?.sequence ?? outcome.position };
    }
    refuseStale(outcome, identity, fresh);
    fresh = fresh.filter(({ sequence }) => sequence > outcome.position);
    if (fresh.length === 0) return { acknowledged: outcome.position };
    requireNoGap(fresh, outcome.position);
  }
  throw new InvalidRequestError(`Two sessions report for rank ${identity.rank} of ${identity.jobId} at once.`);
}

interface Outcome {
  accepted: boolean;
  position: number;
  epoch: number;
  attemptEpoch: number;
  status: JobStatus;
}

/**
 * `locked` holds the job and the rank's position until the commit: nothing can end the attempt, and no other session of the rank can
 * write, between the check and the writes. `gate` has a row only if the batch follows the position without a gap or repeat.
 */
async function write({ sql, clock }: ReportContext, identity: RankIdentity, reports: readonly NumberedReport[]): Promise<Outcome> {
  const { jobId, attempt, rank, epoch } = identity;
  const first = reports[0]?.sequence ?? 1;
  const last = reports.at(-1)?.sequence ?? 0;
  const parts = batchParts(identity, sortReports(identity, reports), clock.now());
  const statement = Prisma.sql`
    WITH locked AS (
      SELECT j.id, j.epoch, j.status, p.attempt, p.sequence AS position, a.epoch AS attempt_epoch
      FROM jobs j JOIN report_positions p ON p.job_id = j.id JOIN attempts a ON a.job_id = j.id AND a.attempt = p.attempt
      WHERE j.id = ${jobId} AND p.attempt = ${attempt}::int AND p.rank = ${rank}::int FOR NO KEY UPDATE OF j, p
    ), gate AS (
      SELECT * FROM locked WHERE position = ${first}::int - 1 AND ((epoch = ${epoch}::int AND status = ANY(${[...ACTIVE_STATUSES]}::job_status[]))
        OR (attempt_epoch = ${epoch}::int AND ${isTerminalOnly(reports)}::boolean))
    ), moved AS (
      UPDATE report_positions p SET sequence = ${last}::int FROM gate
      WHERE p.job_id = gate.id AND p.attempt = gate.attempt AND p.rank = ${rank}::int
    ) ${parts.length === 0 ? Prisma.empty : Prisma.sql`, ${Prisma.join(parts.map(({ part }) => part))}`}
    SELECT EXISTS (SELECT 1 FROM gate) AS accepted, position, epoch, attempt_epoch AS "attemptEpoch", status FROM locked`;
  const [outcome] = await sql.rows<Outcome>(statement, `append-${parts.map(({ name }) => name).join('-')}`);
  if (outcome === undefined) throw neverLaunched(identity);
  return outcome;
}

function neverLaunched({ jobId, attempt, rank }: Pick<RankIdentity, 'jobId' | 'attempt' | 'rank'>): StaleEpochError {
  return new StaleEpochError(`Rank ${rank} of attempt ${attempt} of ${jobId} was never launched.`);
}

function refuseStale(outcome: Outcome, identity: RankIdentity, reports: readonly NumberedReport[]): void {
  const isActive = (ACTIVE_STATUSES as readonly JobStatus[]).includes(outcome.status);
  const speaksForJob = outcome.epoch === identity.epoch && isActive;
  const speaksForEnd = outcome.attemptEpoch === identity.epoch && isTerminalOnly(reports);
  if (speaksForJob || speaksForEnd) return;
  throw new StaleEpochError(
    `Attempt ${identity.attempt} of ${identity.jobId} (epoch ${identity.epoch}) no longer owns the job (${outcome.status}, epoch ${outcome.epoch}).`,
  );
}

function isTerminalOnly(reports: readonly NumberedReport[]): boolean {
  return reports.length > 0 && reports.every(({ report }) => TERMINAL_TYPES.includes(report.type));
}

function requireConsecutive(reports: readonly NumberedReport[]): void {
  reports.forEach(({ sequence }, place) => {
    const expected = (reports[0]?.sequence ?? 1) + place;
    if (sequence !== expected || sequence < 1)
      throw new InvalidRequestError(`Report ${sequence} stands where ${expected} should.`, { reason: 'report_gap' });
  });
}

function requireNoGap(reports: readonly NumberedReport[], position: number): void {
  const first = reports[0]?.sequence ?? position + 1;
  if (first > position + 1) throw new InvalidRequestError(`Reports ${position + 1} to ${first - 1} are missing.`, { reason: 'report_gap' });
}
