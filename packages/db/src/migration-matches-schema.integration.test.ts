import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createTestDatabase, type TestDatabase } from '@capstan/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SCHEMA_SQL = fileURLToPath(new URL('../scripts/schema-sql.mjs', import.meta.url));
const COLUMNS = `SELECT table_name, column_name, udt_name, is_nullable, column_default, datetime_precision FROM information_schema.columns
  WHERE table_schema = 'public' AND table_name <> '_prisma_migrations' ORDER BY 1, 2`;
/** Prisma has no words for an index on an expression. */
const SQL_ONLY = `'checkpoints_kept_state_idx', 'jobs_wait_idx', 'jobs_duration_idx', 'jobs_held_idx', 'jobs_waiting_idx'`;
const INDEXES = `SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'
  AND indexname NOT IN (${SQL_ONLY}) ORDER BY 1`;
const CONSTRAINTS = `SELECT conrelid::regclass::text, pg_get_constraintdef(oid) AS definition FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> '_prisma_migrations' ORDER BY 1, 2`;
const ENUMS = `SELECT typname, array_agg(enumlabel ORDER BY enumsortorder)::text AS labels FROM pg_enum JOIN pg_type t ON t.oid = enumtypid
  GROUP BY 1 ORDER BY 1`;

let migrated: TestDatabase;
let fromSchema: TestDatabase;
beforeAll(async () => {
  migrated = await createTestDatabase();
  fromSchema = await createTestDatabase();
});
afterAll(() => Promise.all([migrated.drop(), fromSchema.drop()]));

async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function describeDatabase(url: string): Promise<unknown[]> {
  return withClient(url, async (client) => {
    const parts: unknown[] = [];
    for (const query of [COLUMNS, INDEXES, CONSTRAINTS, ENUMS]) parts.push((await client.query(query)).rows);
    return parts;
  });
}

describe('the migrations', () => {
  it('lead to what prisma/schema.prisma describes: columns, indices, constraints and enums', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [SCHEMA_SQL, migrated.url], { maxBuffer: 10_000_000 });
    await withClient(fromSchema.url, async (client) => {
      await client.query('DROP SCHEMA public CASCADE');
      await client.query(stdout);
    });
    const expected = await describeDatabase(fromSchema.url);
    expect(expected.every((part) => Array.isArray(part) && part.length > 5)).toBe(true);
    expect(await describeDatabase(migrated.url)).toEqual(expected);
  });
});
