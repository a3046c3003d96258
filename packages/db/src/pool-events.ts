import type { Clock, PoolEventReason } from '@capstan/core';
import { toPage } from './page.ts';
import type { PrismaDatabase } from './prisma.ts';

export interface NewPoolEvent {
  poolId: string;
  actor: string;
  action: string;
  reason: PoolEventReason;
  message: string;
  before: { maxWorkers: number };
  after: { maxWorkers: number };
}

/** One change of a pool, by the platform or an operator. */
export interface PoolEvent extends NewPoolEvent {
  id: string;
  at: Date;
}

export interface PoolEventRepository {
  append(event: NewPoolEvent): Promise<void>;
  /** Newest first; `after` is the id of the last one of the page before. */
  list(page: { poolId: string; after?: string | undefined; limit: number }): Promise<{ events: PoolEvent[]; hasMore: boolean }>;
}

const ID_PREFIX = 'poolevent-';

export function createPoolEventRepository(prisma: PrismaDatabase, clock: Clock): PoolEventRepository {
  return {
    append: async (event) => void (await prisma.poolEvent.create({ data: { ...event, at: clock.now() } })),
    async list({ poolId, after, limit }) {
      const seq = after === undefined ? null : Number(after.replace(ID_PREFIX, ''));
      if (seq !== null && !Number.isSafeInteger(seq)) return { events: [], hasMore: false };
      const where = { poolId, ...(seq === null ? {} : { seq: { lt: seq } }) };
      const rows = await prisma.poolEvent.findMany({ where, orderBy: { seq: 'desc' }, take: limit + 1 });
      const { items, hasMore } = toPage(rows, limit);
      const events = items.map(({ seq: number, before, after: then, reason, ...row }) => ({
        ...row,
        id: `${ID_PREFIX}${number}`,
        reason: reason as PoolEventReason,
        before: before as PoolEvent['before'],
        after: then as PoolEvent['after'],
      }));
      return { events, hasMore };
    },
  };
}
