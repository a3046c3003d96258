import { Prisma } from './generated/client.ts';
import { type LedgerEntry, toLedgerEntry } from './ledger-row.ts';
import type { PrismaDatabase } from './prisma.ts';
import type { Sql } from './sql.ts';

export interface AttemptKey {
  jobId: string;
  attempt: number;
}

export interface Heartbeat extends AttemptKey {
  rank: number;
  at: Date;
}

export interface StatusMessage extends AttemptKey {
  message: string | null;
}

/** What a decision about an attempt needs from the ledger. */
export interface LedgerFacts extends LedgerEntry {
  /** The last sign of life of each rank that has ever spoken. */
  heartbeats: Map<number, Date>;
  /** Earlier attempts of the job that ran out of memory. */
  memoryFailures: number;
}

export interface LedgerRepository {
  get(jobId: string, attempt: number): Promise<LedgerEntry | null>;
  /** Attempts that have not ended, by (jobId, attempt); go on with the last one as `after`. */
  listOpen(page?: { limit?: number; after?: AttemptKey }): Promise<LedgerEntry[]>;
  /** Every attempt of the job, the first one first. */
  listForJob(jobId: string): Promise<LedgerEntry[]>;
  /** Signs of life of many ranks in one statement; an older one never overwrites a newer, and ended attempts have none. */
  heartbeat(beats: readonly Heartbeat[]): Promise<void>;
  lastHeartbeats(attempts: readonly AttemptKey[]): Promise<Heartbeat[]>;
  /** Entry, signs of life and memory failures of many attempts, in two statements. */
  facts(attempts: readonly AttemptKey[]): Promise<LedgerFacts[]>;
  /** The launcher's words on what launches wait for, in one statement; null takes them back. */
  setStatusMessages(messages: readonly StatusMessage[]): Promise<void>;
  /** Frees slots that no open attempt holds; returns how many jobs held them. Launch and end keep the two together, so this is 0. */
  releaseOrphanedReservations(): Promise<number>;
  /** Forgets signs of life that were written while their attempt ended; returns how many there were. */
  forgetEndedHeartbeats(): Promise<number>;
}

const OPEN_LIMIT = 1_000;
const OPEN = ['intended', 'launched'] as const;

export function createLedgerRepository(prisma: PrismaDatabase, sql: Sql): LedgerRepository {
  return {
    async get(jobId, attempt) {
      const row = await prisma.attempt.findUnique({ where: { jobId_attempt: { jobId, attempt } } });
      return row === null ? null : toLedgerEntry(row);
    },
    async listOpen({ limit = OPEN_LIMIT, after } = {}) {
      const beyond =
        after === undefined ? {} : { OR: [{ jobId: { gt: after.jobId } }, { jobId: after.jobId, attempt: { gt: after.attempt } }] };
      const where = { state: { in: [...OPEN] }, ...beyond };
      const rows = await prisma.attempt.findMany({ where, orderBy: [{ jobId: 'asc' }, { attempt: 'asc' }], take: limit });
      return rows.map(toLedgerEntry);
    },
    async listForJob(jobId) {
      return (await prisma.attempt.findMany({ where: { jobId }, orderBy: { attempt: 'asc' } })).map(toLedgerEntry);
    },
    heartbeat: (beats) => saveHeartbeats(sql, beats),
    lastHeartbeats: (attempts) => readHeartbeats(sql, attempts),
    facts: (attempts) => readFacts(sql, attempts),
    setStatusMessages: (messages) => saveStatusMessages(sql, messages),
    async releaseOrphanedReservations() {
      const statement = Prisma.sql`
        DELETE FROM reservations r WHERE NOT EXISTS (
          SELECT 1 FROM attempts a WHERE a.job_id = r.job_id AND a.attempt = r.attempt AND a.state <> 'ended') RETURNING 1`;
      return (await sql.rows(statement)).length;
    },
    async forgetEndedHeartbeats() {
      const statement = Prisma.sql`
        DELETE FROM heartbeats h USING attempts a WHERE a.job_id = h.job_id AND a.attempt = h.attempt AND a.state = 'ended' RETURNING 1`;
      return (await sql.rows(statement)).length;
    },
  };
}

/** Rows in key order, so that two batches at once lock them in the same order. */
async function saveHeartbeats(sql: Sql, beats: readonly Heartbeat[]): Promise<void> {
  if (beats.length === 0) return;
  const statement = Prisma.sql`
    INSERT INTO heartbeats AS h (job_id, attempt, rank, at)
    SELECT b.job_id, b.attempt, b.rank, max(b.at)
    FROM unnest(${beats.map(({ jobId }) => jobId)}::text[], ${beats.map(({ attempt }) => attempt)}::int[],
      ${beats.map(({ rank }) => rank)}::int[], ${beats.map(({ at }) => at)}::timestamptz[]) AS b (job_id, attempt, rank, at)
    JOIN attempts a ON a.job_id = b.job_id AND a.attempt = b.attempt AND a.state <> 'ended'
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (job_id, attempt, rank) DO UPDATE SET at = greatest(h.at, excluded.at)`;
  await sql.rows(statement, 'save-heartbeats');
}

async function saveStatusMessages(sql: Sql, messages: readonly StatusMessage[]): Promise<void> {
  if (messages.length === 0) return;
  const statement = Prisma.sql`
    UPDATE attempts a SET status_message = told.message
    FROM unnest(${messages.map(({ jobId }) => jobId)}::text[], ${messages.map(({ attempt }) => attempt)}::int[],
      ${messages.map(({ message }) => message)}::text[]) AS told (job_id, attempt, message)
    WHERE a.job_id = told.job_id AND a.attempt = told.attempt AND a.state <> 'ended'`;
  await sql.rows(statement, 'save-status-messages');
}

async function readHeartbeats(sql: Sql, attempts: readonly AttemptKey[]): Promise<Heartbeat[]> {
  const statement = Prisma.sql`
    SELECT h.job_id AS "jobId", h.attempt, h.rank, h.at FROM heartbeats h JOIN ${keys(attempts)} USING (job_id, attempt) ORDER BY 1, 2, 3`;
  return sql.rows<Heartbeat>(statement, 'read-heartbeats');
}

async function readFacts(sql: Sql, attempts: readonly AttemptKey[]): Promise<LedgerFacts[]> {
  const statement = Prisma.sql`
    SELECT a.job_id AS "jobId", a.attempt, a.epoch, a.state, a.pool_id AS "poolId", a.workers, a.token_hash AS "tokenHash",
      a.status_message AS "statusMessage", a.reason, a.message, a.exit_code AS "exitCode", a.last_step AS "lastStep",
      a.intended_at AS "intendedAt", a.launched_at AS "launchedAt", a.stop_requested_at AS "stopRequestedAt", a.ended_at AS "endedAt",
      (SELECT count(*)::int FROM attempts e WHERE e.job_id = a.job_id AND e.attempt < a.attempt
        AND e.reason IN ('OOMKilled', 'BackendOutOfMemory')) AS "memoryFailures"
    FROM attempts a JOIN ${keys(attempts)} USING (job_id, attempt)`;
  const [entries, beats] = await Promise.all([
    sql.rows<Omit<LedgerFacts, 'heartbeats'>>(statement, 'read-facts'),
    readHeartbeats(sql, attempts),
  ]);
  const factsOf = new Map(entries.map((entry) => [nameOf(entry), { ...entry, heartbeats: new Map<number, Date>() }]));
  for (const beat of beats) factsOf.get(nameOf(beat))?.heartbeats.set(beat.rank, beat.at);
  return [...factsOf.values()];
}

function nameOf({ jobId, attempt }: AttemptKey): string {
  return `${jobId}.${attempt}`;
}

function keys(attempts: readonly AttemptKey[]): Prisma.Sql {
  return Prisma.sql`unnest(${attempts.map(({ jobId }) => jobId)}::text[], ${attempts.map(({ attempt }) => attempt)}::int[])
    AS wanted (job_id, attempt)`;
}
