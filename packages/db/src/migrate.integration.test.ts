import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JOB_STATUSES } from '@capstan/core';
import { createTestDatabase, type TestDatabase } from '@capstan/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobStatus } from './generated/enums.ts';
import { migrate } from './migrate.ts';

const REPOSITORY_MIGRATIONS = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));
let database: TestDatabase;
let client: pg.Client;
let migrationsDir: string;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  migrationsDir = await mkdtemp(join(tmpdir(), 'capstan-migrations-'));
  await cp(REPOSITORY_MIGRATIONS, migrationsDir, { recursive: true });
});
afterAll(async () => {
  await client.end();
  await database.drop();
  await rm(migrationsDir, { recursive: true, force: true });
});

async function addMigration(name: string, script: string): Promise<void> {
  await mkdir(join(migrationsDir, name), { recursive: true });
  await writeFile(join(migrationsDir, name, 'migration.sql'), script);
}

describe('migrate', () => {
  it('has nothing to do in a database that is up to date', async () => {
    expect(await migrate(database.url)).toEqual({ applied: [] });
  });

  it('records what the Prisma CLI records', async () => {
    const names = (await readdir(REPOSITORY_MIGRATIONS)).filter((name) => !name.endsWith('.toml')).sort();
    const { rows } = await client.query('SELECT migration_name, checksum, applied_steps_count FROM _prisma_migrations ORDER BY 1');
    const expected = names.map(async (name) => {
      const script = await readFile(join(REPOSITORY_MIGRATIONS, name, 'migration.sql'));
      return { migration_name: name, checksum: createHash('sha256').update(script).digest('hex'), applied_steps_count: 1 };
    });
    expect(rows).toEqual(await Promise.all(expected));
  });

  it('applies a new migration once when many processes start at the same moment', async () => {
    await addMigration('20300101000000_more', 'CREATE TABLE more (id INT);');
    const runs = await Promise.all(Array.from({ length: 5 }, () => migrate(database.url, { migrationsDir })));
    expect(runs.flatMap(({ applied }) => applied)).toEqual(['20300101000000_more']);
  });

  it('leaves nothing of a migration that fails half-way, and applies it once it is corrected', async () => {
    await addMigration('20300102000000_broken', 'CREATE TABLE half (id INT); SELECT nonsense;');
    await expect(migrate(database.url, { migrationsDir })).rejects.toThrow(/nonsense/);
    await addMigration('20300102000000_broken', 'CREATE TABLE half (id INT);');
    expect(await migrate(database.url, { migrationsDir })).toEqual({ applied: ['20300102000000_broken'] });
  });

  it('refuses a database whose migration was changed afterwards', async () => {
    await addMigration('20300101000000_more', 'CREATE TABLE more (id BIGINT);');
    await expect(migrate(database.url, { migrationsDir })).rejects.toThrow('20300101000000_more was changed after it was applied');
  });

  it('rejects with UnavailableError where no server answers', async () => {
    await expect(migrate('postgresql://capstan@127.0.0.1:9/none')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('the schema', () => {
  it('knows the statuses that core knows, in the same order', () => {
    expect(Object.values(JobStatus)).toEqual([...JOB_STATUSES]);
  });
});
