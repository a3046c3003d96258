import type { Clock } from '@capstan/core';
import type { Prisma } from './generated/client.ts';
import { toPage } from './page.ts';
import type { PrismaDatabase } from './prisma.ts';

/** One thing that an operator changed. */
export interface NewAuditRecord {
  projectId: string;
  apiKeyId: string;
  /** `pool.update`, `pool.create`, `api_key.create` … */
  action: string;
  /** The id of what was changed. */
  subject: string;
  /** The members that changed, as they were and as they are. */
  before: Record<string, unknown>;
  after: Record<string, unknown>;
}

export interface AuditRecord extends NewAuditRecord {
  id: string;
  keyName: string;
  at: Date;
}

export interface AuditRepository {
  append(record: NewAuditRecord): Promise<void>;
  /** Newest first, of keys of this project; `after` is the id of the last one of the page before. */
  list(page: { projectId: string; after?: string | undefined; limit: number }): Promise<{ records: AuditRecord[]; hasMore: boolean }>;
}

const ID_PREFIX = 'audit-';

export function createAuditRepository(prisma: PrismaDatabase, clock: Clock): AuditRepository {
  return {
    async append({ before, after, ...record }) {
      const data = { ...record, before: before as Prisma.InputJsonObject, after: after as Prisma.InputJsonObject, at: clock.now() };
      await prisma.auditEvent.create({ data });
    },
    async list({ projectId, after, limit }) {
      const seq = after === undefined ? null : Number(after.replace(ID_PREFIX, ''));
      if (seq !== null && !Number.isSafeInteger(seq)) return { records: [], hasMore: false };
      const rows = await prisma.auditEvent.findMany({
        where: { projectId, ...(seq === null ? {} : { seq: { lt: seq } }) },
        orderBy: { seq: 'desc' },
        take: limit + 1,
        include: { apiKey: { select: { name: true } } },
      });
      const { items, hasMore } = toPage(rows, limit);
      const records = items.map(({ seq: number, apiKey, ...row }) => ({
        ...row,
        id: `${ID_PREFIX}${number}`,
        keyName: apiKey.name,
        before: row.before as Record<string, unknown>,
        after: row.after as Record<string, unknown>,
      }));
      return { records, hasMore };
    },
  };
}
