import pg from 'pg';
import { isQueryTimeout, toAppError } from './database-error.ts';
import type { Prisma } from './generated/client.ts';

/** Raw statements, for what Prisma cannot say in one round trip; CRUD goes through Prisma on the same pool. */
export interface Sql {
  /** Runs one statement, which is one transaction by itself. A `name` keeps its plan prepared on the connection. */
  rows<Row>(statement: Prisma.Sql, name?: string): Promise<Row[]>;
  /** Runs `work` in one READ COMMITTED transaction; anything it throws rolls back. */
  transaction<Result>(work: (sql: TransactionSql) => Promise<Result>): Promise<Result>;
}

export type TransactionSql = Pick<Sql, 'rows'>;

/** Deadlocks and serialization failures are cured by running again: Postgres has undone everything. */
const TRANSIENT_CODES = new Set(['40001', '40P01']);
const TRIES = 3;

export function createSql(pool: pg.Pool): Sql {
  return {
    rows: (statement, name) => retryTransient(() => run(pool, statement, name)),
    transaction: (work) => retryTransient(() => inTransaction(pool, work)),
  };
}

/** The text of a jsonb parameter: pg would write a JavaScript array as a Postgres array. */
export function json(value: unknown): string | null {
  return value === null || value === undefined ? null : withoutUnstorable(JSON.stringify(value));
}

/** An escape of NUL or of half a surrogate pair; an even number of backslashes before it are themselves escaped. */
const UNSTORABLE_ESCAPE = /(?<=(?:^|[^\\])(?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/** Postgres stores neither character. JSON.stringify writes both as escapes, and whole pairs as themselves. */
function withoutUnstorable(text: string): string {
  return text.includes('\\u') ? text.replace(UNSTORABLE_ESCAPE, '\uFFFD') : text;
}

async function run<Row>(target: pg.Pool | pg.PoolClient, statement: Prisma.Sql, name?: string): Promise<Row[]> {
  const values = statement.values.map(withoutNul);
  const { rows } = await target.query({ text: statement.text, values, ...(name === undefined ? {} : { name }) });
  return rows as Row[];
}

/** Postgres text cannot hold the character NUL, which the words of workers and launchers can: one refused would be sent again for ever. */
function withoutNul(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNul);
  return typeof value === 'string' ? value.replaceAll('\u0000', '\uFFFD') : value;
}

async function inTransaction<Result>(pool: pg.Pool, work: (sql: TransactionSql) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work({ rows: (statement, name) => run(client, statement, name) });
    await client.query('COMMIT');
    return result;
  } catch (error) {
    broken = isQueryTimeout(error) ? error : await rollBack(client);
    throw error;
  } finally {
    client.release(broken);
  }
}

/** What is wrong with the connection, if anything. */
function rollBack(client: pg.PoolClient): Promise<Error | undefined> {
  return client.query('ROLLBACK').then(
    () => undefined,
    (error: Error) => error,
  );
}

async function retryTransient<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isTransient = error instanceof pg.DatabaseError && TRANSIENT_CODES.has(error.code ?? '');
      if (!isTransient || attempt === TRIES) throw toAppError(error);
    }
  }
}
