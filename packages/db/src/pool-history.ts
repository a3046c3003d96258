import { Prisma } from './generated/client.ts';
import type { Sql } from './sql.ts';

export interface HistoryRequest {
  poolId: string;
  from: Date;
  to: Date;
  bucketMs: number;
}

/** What the attempts of a pool held in one span of time: GPUs, or workers where it has none. */
export interface HistoryBucket {
  /** From 0. */
  bucket: number;
  average: number;
  peak: number;
}

/**
 * The ledger's spans as a curve, in buckets from `from` to `to`: between two beginnings or ends the level is constant, so each bucket's average is
 * a sum over these pieces. The edges of the buckets are pieces' ends too.
 */
export function readPoolHistory(sql: Sql, { poolId, from, to, bucketMs }: HistoryRequest): Promise<HistoryBucket[]> {
  const bucket = Prisma.sql`make_interval(secs => ${bucketMs / 1_000}::float8)`;
  const statement = Prisma.sql`
    WITH spans AS (
      SELECT billed_units AS units, greatest(intended_at, ${from}::timestamptz) AS began_at, ended_at FROM attempts
      WHERE pool_id = ${poolId} AND intended_at < ${to}::timestamptz AND (ended_at IS NULL OR ended_at > ${from}::timestamptz)
    ), steps AS (
      SELECT began_at AS at, units AS step FROM spans
      UNION ALL SELECT ended_at, -units FROM spans WHERE ended_at < ${to}::timestamptz
      UNION ALL SELECT at, 0 FROM generate_series(${from}::timestamptz, ${to}::timestamptz - interval '1 microsecond', ${bucket}) AS at
    ), levels AS (
      SELECT at, sum(step) OVER (ORDER BY at) AS level,
        extract(epoch FROM lead(at, 1, ${to}::timestamptz) OVER (ORDER BY at) - at)::float8 AS seconds FROM steps)
    SELECT floor(extract(epoch FROM at - ${from}::timestamptz) * 1000 / ${bucketMs}::float8)::int AS bucket,
      (sum(level * seconds) / sum(seconds))::float8 AS average, max(level)::int AS peak
    FROM levels WHERE seconds > 0 GROUP BY 1 ORDER BY 1`;
  return sql.rows<HistoryBucket>(statement, 'pool-history');
}
