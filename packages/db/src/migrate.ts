import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConflictError } from '@capstan/core';
import pg from 'pg';
import { toAppError } from './database-error.ts';

export interface Migrated {
  /** Names of the migrations applied by this call, in order. */
  applied: string[];
}

interface Migration {
  name: string;
  script: string;
  /** sha256 of the file, as Prisma's CLI records it. */
  checksum: string;
}

interface RecordedMigration {
  name: string;
  checksum: string;
  finishedAt: Date | null;
}

/** `prisma/migrations` of the repository: equally far up from this file and from the bundle of an app (`apps/<app>/dist`). */
const MIGRATIONS_DIR = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));
/** The advisory lock that Prisma's own CLI takes, so that the two wait for each other. */
const PRISMA_LOCK = 72_707_369;

/** The table as Prisma's CLI makes it, so that either may go on where the other stopped. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL,
  logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`;

/**
 * Brings the database up to date; called twice, or from many processes at once, each migration is applied once. Every migration is a
 * transaction: it is there whole and recorded, or not at all. ConflictError where the database has another history than the files.
 */
export async function migrate(url: string, { migrationsDir = MIGRATIONS_DIR }: { migrationsDir?: string } = {}): Promise<Migrated> {
  const migrations = await readMigrations(migrationsDir);
  const client = new pg.Client({ connectionString: url, application_name: 'capstan-migrate' });
  // The error that breaks the connection is also thrown by the statement that meets it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK]);
    await client.query(CREATE_TABLE);
    const pending = pendingOf(migrations, await readRecorded(client));
    for (const migration of pending) await apply(client, migration);
    return { applied: pending.map(({ name }) => name) };
  } catch (error) {
    throw toAppError(error);
  } finally {
    // Ends the session, and with it the lock.
    await client.end();
  }
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(join(directory, name, 'migration.sql'));
      return { name, script: bytes.toString('utf8'), checksum: createHash('sha256').update(bytes).digest('hex') };
    }),
  );
}

async function readRecorded(client: pg.Client): Promise<Map<string, RecordedMigration>> {
  const { rows } = await client.query<RecordedMigration>(
    `SELECT migration_name AS name, checksum, finished_at AS "finishedAt" FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
  );
  return new Map(rows.map((row) => [row.name, row]));
}

function pendingOf(migrations: Migration[], recorded: Map<string, RecordedMigration>): Migration[] {
  return migrations.filter(({ name, checksum }) => {
    const record = recorded.get(name);
    if (record === undefined) return true;
    if (record.finishedAt === null)
      throw new ConflictError(`Migration ${name} began in this database and did not finish: repair it first.`);
    if (record.checksum !== checksum) {
      throw new ConflictError(
        `Migration ${name} was changed after it was applied to this database: recorded ${record.checksum}, file ${checksum}.`,
      );
    }
    return false;
  });
}

async function apply(client: pg.Client, { name, script, checksum }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(script);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    // The first error tells what went wrong; a broken connection rolls back by itself.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
