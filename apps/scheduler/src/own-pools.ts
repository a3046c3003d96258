import type { Pool } from '@capstan/core';
import type { SchedulerContext } from './scheduler-context.ts';

/** The pools whose launcher this scheduler has. Of others it sees no rank, so it neither launches in them nor judges what runs there. */
export interface OwnPools {
  list(): Promise<Pool[]>;
  has(poolId: string): Promise<boolean>;
}

export function createOwnPools(
  launcherKinds: readonly Pool['launcher'][],
  { db, logger }: Pick<SchedulerContext, 'db' | 'logger'>,
): OwnPools {
  /** By id, for the launcher of a pool never changes. */
  const known = new Map<string, boolean>();

  function isOwn({ id, launcher }: Pool): boolean {
    const seen = known.get(id);
    if (seen !== undefined) return seen;
    const own = launcherKinds.includes(launcher);
    known.set(id, own);
    if (!own) logger.info({ poolId: id, launcher }, 'pool left to schedulers that have its launcher');
    return own;
  }

  return {
    list: async () => (await db.pools.list()).filter(isOwn),
    async has(poolId) {
      const seen = known.get(poolId);
      if (seen !== undefined) return seen;
      const pool = await db.pools.get(poolId);
      return pool !== null && isOwn(pool);
    },
  };
}
