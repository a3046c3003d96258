import type { Pool, ScaleDecision } from '@capstan/core';
import { CHANNEL, encodeChange } from './change.ts';
import { type Pool as PoolRow, Prisma } from './generated/client.ts';
import { POOL_COLUMNS, toPool } from './pool-row.ts';
import { json, type Sql } from './sql.ts';

/** What the autoscaler asks of the ledger. */
export interface ScaleFacts {
  /** Workers that jobs hold. */
  inUse: number;
  /** The most that they held at once since. */
  peakInUse: number;
  /** When the size was last changed, by whomever. */
  scaledAt: Date | null;
}

/**
 * Gives the pool that was seen the size that was decided, and writes down who did so and why, in one statement; null where somebody changed
 * the pool meanwhile. Of two that decide at once, one is answered.
 */
export async function scalePool(sql: Sql, pool: Pool, decision: ScaleDecision & { actor: string; at: Date }): Promise<Pool | null> {
  const { workers, actor, reason, message, at } = decision;
  const payload = encodeChange({ kind: 'pool', poolId: pool.id });
  const statement = Prisma.sql`
    WITH scaled AS (
      UPDATE pools SET max_workers = ${workers}::int, scaled_at = ${at}::timestamptz, version = version + 1
      WHERE id = ${pool.id} AND version = ${pool.version}::int RETURNING *
    ), event AS (
      INSERT INTO pool_events (pool_id, actor, action, reason, message, before, after, at)
      SELECT id, ${actor}, 'pool.scale', ${reason}, ${message}, ${json({ maxWorkers: pool.maxWorkers })}::jsonb,
        ${json({ maxWorkers: workers })}::jsonb, ${at}::timestamptz FROM scaled)
    SELECT ${POOL_COLUMNS}, pg_notify(${CHANNEL}, ${payload}) FROM scaled`;
  const [row] = await sql.rows<PoolRow>(statement, 'scale-pool');
  return row === undefined ? null : toPool(row);
}

/** Summed over the beginnings and ends of attempts; at one instant, ends come first. */
export async function readScaleFacts(sql: Sql, poolId: string, since: Date): Promise<ScaleFacts> {
  const statement = Prisma.sql`
    WITH spans AS (
      SELECT workers, greatest(intended_at, ${since}::timestamptz) AS began_at, ended_at
      FROM attempts WHERE pool_id = ${poolId} AND (ended_at IS NULL OR ended_at > ${since}::timestamptz)
    ), steps AS (
      SELECT began_at AS at, workers AS step FROM spans UNION ALL SELECT ended_at, -workers FROM spans WHERE ended_at IS NOT NULL
    ), levels AS (SELECT sum(step) OVER (ORDER BY at, step) AS level FROM steps)
    SELECT coalesce((SELECT sum(workers) FROM spans WHERE ended_at IS NULL), 0)::int AS "inUse",
      coalesce((SELECT max(level) FROM levels), 0)::int AS "peakInUse",
      (SELECT scaled_at FROM pools WHERE id = ${poolId}) AS "scaledAt"`;
  const [facts] = await sql.rows<ScaleFacts>(statement, 'scale-facts');
  return facts ?? { inUse: 0, peakInUse: 0, scaledAt: null };
}
