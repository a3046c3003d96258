import type { LogLine as LogLineRow } from './generated/client.ts';
import type { PrismaDatabase } from './prisma.ts';

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

export function createLogRepository(prisma: PrismaDatabase): LogRepository {
  return {
    async append(lines) {
      await prisma.logLine.createMany({ data: lines.map((line) => ({ ...line, message: line.message.replaceAll('\u0000', '\uFFFD') })) });
    },
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

function ofAttempt(attempt: number | undefined): { attempt?: number } {
  return attempt === undefined ? {} : { attempt };
}

function toLogLine(row: LogLineRow): LogLine {
  return { ...row, seq: Number(row.seq) };
}
