import { type Clock, ConflictError, NotFoundError, type Pool, type ScaleDecision } from '@capstan/core';
import type { Announcer } from './announcer.ts';
import { Prisma } from './generated/client.ts';
import { type HistoryBucket, type HistoryRequest, readPoolHistory } from './pool-history.ts';
import { toPool } from './pool-row.ts';
import type { PrismaDatabase } from './prisma.ts';
import { readScaleFacts, type ScaleFacts, scalePool } from './scale-pool.ts';
import type { Sql } from './sql.ts';

export type PoolSettings = Omit<Pool, 'version'>;
export type PoolPatch = Partial<Omit<PoolSettings, 'id'>>;

export interface PoolUsage {
  /** Slots taken by jobs with ranks, started or starting. */
  reserved: number;
  /** Of those, slots of jobs that train. */
  running: number;
  /** Jobs that wait for it, without those that are held back. */
  queued: number;
}

export interface PoolRepository {
  /** The pool with this id: made from `settings` if there is none, else left as its operators have it. */
  ensure(settings: PoolSettings): Promise<Pool>;
  get(id: string): Promise<Pool | null>;
  list(): Promise<Pool[]>;
  /** ConflictError where someone else changed the pool since `expectedVersion`. */
  update(id: string, patch: PoolPatch, expectedVersion: number): Promise<Pool>;
  /** Null where somebody changed the pool since it was seen; `actor` has decided so, which is written down with it. */
  scale(pool: Pool, decision: ScaleDecision & { actor: string }): Promise<Pool | null>;
  scaleFacts(poolId: string, since: Date): Promise<ScaleFacts>;
  /** Only buckets up to `to`, each of them, in their order. */
  history(request: HistoryRequest): Promise<HistoryBucket[]>;
  /** `queued` is counted up to `countTo`, at the cost of no more. */
  usage(poolId: string, countTo?: number): Promise<PoolUsage>;
  /** Slots of one pool that are taken: what `usage` tells, at the cost of those slots and not of all that waits. */
  reservedIn(poolId: string): Promise<number>;
  /** Slots taken by jobs with ranks, of every pool that has any. */
  reserved(): Promise<Map<string, number>>;
}

interface PoolContext {
  prisma: PrismaDatabase;
  sql: Sql;
  clock: Clock;
  announcer: Announcer;
}

export function createPoolRepository(context: PoolContext): PoolRepository {
  const { prisma, sql, clock } = context;
  async function get(id: string): Promise<Pool | null> {
    const row = await prisma.pool.findUnique({ where: { id } });
    return row === null ? null : toPool(row);
  }

  return {
    get,
    async ensure(settings) {
      const { count } = await prisma.pool.createMany({ data: toColumns(settings), skipDuplicates: true });
      if (count === 1) context.announcer.announce({ kind: 'pool', poolId: settings.id });
      return toPool(await prisma.pool.findUniqueOrThrow({ where: { id: settings.id } }));
    },
    list: async () => (await prisma.pool.findMany({ orderBy: { id: 'asc' } })).map(toPool),
    async update(id, patch, expectedVersion) {
      const scaled = patch.maxWorkers === undefined ? {} : { scaledAt: clock.now() };
      const data = { ...toColumns(patch), ...scaled, version: { increment: 1 } };
      const { count } = await prisma.pool.updateMany({ where: { id, version: expectedVersion }, data });
      const pool = await get(id);
      if (pool === null) throw new NotFoundError(`There is no pool ${id}.`);
      if (count === 0) throw new ConflictError(`Pool ${id} was changed by someone else: read it again and repeat the change.`);
      context.announcer.announce({ kind: 'pool', poolId: id });
      return pool;
    },
    scale: (pool, decision) => scalePool(sql, pool, { ...decision, at: clock.now() }),
    scaleFacts: (poolId, since) => readScaleFacts(sql, poolId, since),
    history: (request) => readPoolHistory(sql, request),
    usage: (poolId, countTo) => readUsage(sql, poolId, countTo ?? null),
    reservedIn: async (poolId) => {
      const statement = Prisma.sql`SELECT coalesce(sum(workers), 0)::int AS workers FROM reservations WHERE pool_id = ${poolId}`;
      const [row] = await sql.rows<{ workers: number }>(statement, 'reserved-in-pool');
      return row?.workers ?? 0;
    },
    reserved: async () => {
      const statement = Prisma.sql`SELECT pool_id AS "poolId", sum(workers)::int AS workers FROM reservations GROUP BY pool_id`;
      const rows = await sql.rows<{ poolId: string; workers: number }>(statement, 'reserved-slots');
      return new Map(rows.map(({ poolId, workers }) => [poolId, workers]));
    },
  };
}

async function readUsage(sql: Sql, poolId: string, countTo: number | null): Promise<PoolUsage> {
  const statement = Prisma.sql`
    SELECT coalesce(sum(r.workers), 0)::int AS reserved,
      coalesce(sum(r.workers) FILTER (WHERE j.status = 'running'), 0)::int AS running,
      (SELECT count(*)::int FROM (
        SELECT FROM jobs WHERE pool_id = ${poolId} AND status = 'queued' AND hold_message IS NULL LIMIT ${countTo}::int) AS waiting) AS queued
    FROM reservations r JOIN jobs j ON j.id = r.job_id WHERE r.pool_id = ${poolId}`;
  const [usage] = await sql.rows<PoolUsage>(statement, 'pool-usage');
  return usage ?? { reserved: 0, running: 0, queued: 0 };
}

type Json = Prisma.InputJsonObject;

function toColumns<Settings extends PoolPatch>({ settings, autoscale, ...columns }: Settings) {
  return {
    ...columns,
    ...(settings === undefined ? {} : { settings: settings as Json }),
    ...(autoscale === undefined ? {} : { autoscale: autoscale as Json }),
  };
}
