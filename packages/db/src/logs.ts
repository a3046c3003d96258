import { type LogLine as LogLineRow, Prisma } from './generated/client.ts';
import type { PrismaDatabase } from './prisma.ts';
import type { Sql } from './sql.ts';

export interface LogLine {
  seq: number;
  jobId: string;
  attempt: number;
  rank: number;
  level: 'info' | 'warn' | 'error';
  message: string;
  at: Date;
}

export interface LogFilter {
  attempt?: number | undefined;
  /** The `seq` of the last line of the page before. */
  after?: number | undefined;
  limit: number;
}

export type NewLogLine = Omit<LogLine, 'seq'>;

export interface LogRepository {
  /** Adds lines that did not come through a report: a rank's own output, kept after its end. */
  append(lines: readonly NewLogLine[]): Promise<void>;
  /** In the order in which they arrived. */
  list(jobId: string, filter: LogFilter): Promise<LogLine[]>;
  /** The last lines, in the order in which they arrived. */
  tail(jobId: string, filter: Omit<LogFilter, 'after'>): Promise<LogLine[]>;
}

export function createLogRepository(prisma: PrismaDatabase, sql: Sql): LogRepository {
  return {
    append: (lines) => appendLines(sql, lines),
    async list(jobId, { attempt, after = 0, limit }) {
      const where = { jobId, seq: { gt: after }, ...ofAttempt(attempt) };
      return (await prisma.logLine.findMany({ where, orderBy: { seq: 'asc' }, take: limit })).map(toLogLine);
    },
    async tail(jobId, { attempt, limit }) {
      const rows = await prisma.logLine.findMany({ where: { jobId, ...ofAttempt(attempt) }, orderBy: { seq: 'desc' }, take: limit });
      return rows.reverse().map(toLogLine);
    },
  };
}

/** Numbers (`seq`) are drawn behind the lock of the job's row, as those of a report are: no line is committed behind a reader's cursor. */
async function appendLines(sql: Sql, lines: readonly NewLogLine[]): Promise<void> {
  const statement = Prisma.sql`
    WITH gate AS (SELECT id FROM jobs WHERE id = ANY(${lines.map(({ jobId }) => jobId)}::text[]) ORDER BY id FOR NO KEY UPDATE)
    INSERT INTO log_lines (job_id, attempt, rank, level, message, at)
    SELECT gate.id, l.attempt, l.rank, l.level, l.message, l.at FROM gate JOIN unnest(
      ${lines.map(({ jobId }) => jobId)}::text[], ${lines.map(({ attempt }) => attempt)}::int[], ${lines.map(({ rank }) => rank)}::int[],
      ${lines.map(({ level }) => level)}::severity[], ${lines.map(({ message }) => message)}::text[],
      ${lines.map(({ at }) => at)}::timestamptz[]) WITH ORDINALITY AS l (job_id, attempt, rank, level, message, at, place) ON l.job_id = gate.id
    ORDER BY l.place`;
  await sql.rows(statement, 'append-logs');
}

function ofAttempt(attempt: number | undefined): { attempt?: number } {
  return attempt === undefined ? {} : { attempt };
}

function toLogLine(row: LogLineRow): LogLine {
  return { ...row, seq: Number(row.seq) };
}
