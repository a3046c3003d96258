import type { JobEvent as JobEventRow } from './generated/client.ts';
import { toPage } from './page.ts';
import type { PrismaDatabase } from './prisma.ts';

export interface JobEventRecord {
  /** `ftevent-…`, made of `seq`: an event is found again by its number, and needs no second index. */
  id: string;
  seq: number;
  jobId: string;
  level: 'info' | 'warn' | 'error';
  type: 'message' | 'metrics';
  message: string;
  data: Record<string, unknown>;
  createdAt: Date;
}

export interface EventRepository {
  /** Newest first; `after` is the id of the last event of the page before. */
  list(jobId: string, page: { after?: string | undefined; limit: number }): Promise<{ events: JobEventRecord[]; hasMore: boolean }>;
  /** Oldest first from behind `seq`; 0 is the beginning. Nothing appears later below a number that was returned. */
  listAfter(jobId: string, seq: number, limit: number): Promise<JobEventRecord[]>;
}

const ID_PREFIX = 'ftevent-';
const ID_LENGTH = 24;
const ID_RADIX = 36;

export function createEventRepository(prisma: PrismaDatabase): EventRepository {
  return {
    async list(jobId, { after, limit }) {
      const before = after === undefined ? null : parseEventId(after);
      if (after !== undefined && before === null) return { events: [], hasMore: false };
      const where = { jobId, ...(before === null ? {} : { seq: { lt: before } }) };
      const rows = await prisma.jobEvent.findMany({ where, orderBy: { seq: 'desc' }, take: limit + 1 });
      const { items, hasMore } = toPage(rows.map(toRecord), limit);
      return { events: items, hasMore };
    },
    async listAfter(jobId, seq, limit) {
      const rows = await prisma.jobEvent.findMany({ where: { jobId, seq: { gt: seq } }, orderBy: { seq: 'asc' }, take: limit });
      return rows.map(toRecord);
    },
  };
}

function toRecord(row: JobEventRow): JobEventRecord {
  const seq = Number(row.seq);
  const id = `${ID_PREFIX}${seq.toString(ID_RADIX).padStart(ID_LENGTH, '0')}`;
  return { ...row, id, seq, data: row.data as Record<string, unknown> };
}

function parseEventId(id: string): number | null {
  const digits = id.startsWith(ID_PREFIX) ? id.slice(ID_PREFIX.length) : '';
  const seq = Number.parseInt(digits, ID_RADIX);
  return /^[0-9a-z]{24}$/.test(digits) && Number.isSafeInteger(seq) ? seq : null;
}
