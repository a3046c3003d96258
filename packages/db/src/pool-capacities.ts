import type { PoolCapacity } from '@capstan/core';
import { Prisma } from './generated/client.ts';
import type { PrismaDatabase } from './prisma.ts';
import type { Sql } from './sql.ts';

/** What a scheduler last saw of the cluster behind a pool. */
export interface PoolCapacityRecord extends PoolCapacity {
  poolId: string;
  readAt: Date;
}

export interface PoolCapacityRepository {
  get(poolId: string): Promise<PoolCapacityRecord | null>;
  /** Replaces what was seen of these pools; an older look never overwrites a newer. */
  save(capacities: readonly PoolCapacityRecord[]): Promise<void>;
}

export function createPoolCapacityRepository(prisma: PrismaDatabase, sql: Sql): PoolCapacityRepository {
  return {
    get: (poolId) => prisma.poolCapacity.findUnique({ where: { poolId } }),
    async save(capacities) {
      if (capacities.length === 0) return;
      const of = <Value>(value: (capacity: PoolCapacityRecord) => Value) => capacities.map(value);
      const statement = Prisma.sql`
        INSERT INTO pool_capacities AS seen (pool_id, slots, nodes, closed_nodes, read_at)
        SELECT * FROM unnest(${of(({ poolId }) => poolId)}::text[], ${of(({ slots }) => slots)}::int[], ${of(({ nodes }) => nodes)}::int[],
          ${of(({ closedNodes }) => closedNodes)}::int[], ${of(({ readAt }) => readAt)}::timestamptz[]) AS fresh ORDER BY 1
        ON CONFLICT (pool_id) DO UPDATE SET slots = excluded.slots, nodes = excluded.nodes, closed_nodes = excluded.closed_nodes,
          read_at = excluded.read_at WHERE seen.read_at <= excluded.read_at`;
      await sql.rows(statement, 'save-pool-capacities');
    },
  };
}
