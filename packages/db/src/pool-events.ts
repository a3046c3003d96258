import type { ScaleReason } from '@capstan/core';
import { toPage } from './page.ts';
import type { PrismaDatabase } from './prisma.ts';

/** One thing that the platform changed in a pool by itself. */
export interface PoolEvent {
  id: string;
  poolId: string;
  actor: string;
  action: string;
  reason: ScaleReason;
  message: string;
  before: { maxWorkers: number };
  after: { maxWorkers: number };
  at: Date;
}

export interface PoolEventRepository {
  /** Newest first; `after` is the id of the last one of the page before. */
  list(page: { poolId: string; after?: string | undefined; limit: number }): Promise<{ events: PoolEvent[]; hasMore: boolean }>;
}

const ID_PREFIX = 'poolevent-';

export function createPoolEventRepository(prisma: PrismaDatabase): PoolEventRepository {
  return {
    async list({ poolId, after, limit }) {
      const seq = after === undefined ? null : Number(after.replace(ID_PREFIX, ''));
      if (seq !== null && !Number.isSafeInteger(seq)) return { events: [], hasMore: false };
      const where = { poolId, ...(seq === null ? {} : { seq: { lt: seq } }) };
      const rows = await prisma.poolEvent.findMany({ where, orderBy: { seq: 'desc' }, take: limit + 1 });
      const { items, hasMore } = toPage(rows, limit);
      const events = items.map(({ seq: number, before, after: then, reason, ...row }) => ({
        ...row,
        id: `${ID_PREFIX}${number}`,
        reason: reason as ScaleReason,
        before: before as PoolEvent['before'],
        after: then as PoolEvent['after'],
      }));
      return { events, hasMore };
    },
  };
}
