import { createTestDatabase, FakeClock, makePool, type TestDatabase } from '@capstan/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Prisma } from './generated/client.ts';
import { openDatabase } from './open-database.ts';
import { openPool } from './open-pool.ts';
import { createPrisma } from './prisma.ts';
import { createSql } from './sql.ts';

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool(database.url, 2);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

describe('a connection that Postgres ends while it is in hand', () => {
  it('is told by the next statement and does not end the process; the pool goes on with another', async () => {
    const client = await pool.connect();
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
    await ended;
    await expect(client.query('SELECT 1')).rejects.toThrow();
    client.release(true);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('a client that stays idle in a transaction', () => {
  it('is ended, and whoever waits for its locks goes on', async () => {
    const db = openDatabase({ url: database.url, clock: new FakeClock() });
    const { id, version } = await db.pools.ensure(makePool({ id: 'locked' }));
    const frozen = openPool(database.url, 1, { idleInTransactionMs: 300, queryMs: 60_000 });
    const client = await frozen.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM pools WHERE id = $1 FOR UPDATE', [id]);
    expect(await db.pools.update(id, { maxWorkers: 7 }, version)).toMatchObject({ maxWorkers: 7 });
    await expect(client.query('COMMIT')).rejects.toThrow();
    client.release();
    expect((await frozen.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await frozen.end();
    await db.close();
  });
});

describe('a statement that is never answered', () => {
  const unavailable = { code: 'unavailable', cause: { message: expect.stringContaining('Query read timeout') } };

  it('is given up, and its connection is not used again', async () => {
    const impatient = openPool(database.url, 1, { idleInTransactionMs: 60_000, queryMs: 300 });
    const sql = createSql(impatient);
    const sleep = Prisma.sql`SELECT pg_sleep(3)`;
    const pidNow = async () => (await impatient.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
    const pids = [await pidNow()];
    await expect(sql.rows(sleep)).rejects.toMatchObject(unavailable);
    pids.push(await pidNow());
    await expect(sql.transaction((transaction) => transaction.rows(sleep))).rejects.toMatchObject(unavailable);
    pids.push(await pidNow());
    await expect(createPrisma(impatient).$queryRaw(sleep)).rejects.toMatchObject({ code: 'unavailable' });
    pids.push(await pidNow());
    expect(new Set(pids).size).toBe(4);
    await impatient.end();
  });
});
