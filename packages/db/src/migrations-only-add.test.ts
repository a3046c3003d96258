import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MIGRATIONS = fileURLToPath(new URL('../../../prisma/migrations/', import.meta.url));

/** Statements after which the queries of the release before still hold. An index is nobody's contract. */
const HARMLESS = [
  /^CREATE (TABLE|TYPE|(UNIQUE )?INDEX|SEQUENCE|OR REPLACE FUNCTION)\b/,
  /^DROP INDEX\b/,
  /^ALTER TYPE \S+ ADD VALUE\b/,
  /^COMMENT ON\b/,
];
const NEW_COLUMN = /^ALTER TABLE "(\w+)" ADD COLUMN (?:(?!NOT NULL)[\s\S])*$|^ALTER TABLE "(\w+)" ADD COLUMN [\s\S]*DEFAULT/;

/** What of a migration could break a program of the release before, which keeps running while the new one starts. */
function breaks(sql: string): string[] {
  const statements = sql.replaceAll(/--.*$/gm, '').split(';');
  const made = new Set([...sql.matchAll(/CREATE TABLE "(\w+)"/g)].map(([, table]) => table));
  return statements
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
    .filter((statement) => !HARMLESS.some((pattern) => pattern.test(statement)) && !NEW_COLUMN.test(statement))
    .filter((statement) => !made.has(/^ALTER TABLE "(\w+)" ADD CONSTRAINT\b/.exec(statement)?.[1] ?? ''));
}

describe('a migration takes nothing from the release before', () => {
  const [, ...later] = readdirSync(MIGRATIONS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

  it.each(later)('%s only adds', (name) => {
    expect(breaks(readFileSync(`${MIGRATIONS}${name}/migration.sql`, 'utf8'))).toEqual([]);
  });

  it.each([
    'DROP TABLE "jobs"',
    'ALTER TABLE "jobs" DROP COLUMN "spec"',
    'ALTER TABLE "jobs" RENAME COLUMN "spec" TO "plan"',
    'ALTER TABLE "jobs" ADD COLUMN "plan" TEXT NOT NULL',
    'ALTER TABLE "jobs" ADD CONSTRAINT "c" CHECK (priority > 0)',
    'ALTER TABLE "jobs" ALTER COLUMN "suffix" SET NOT NULL',
    "ALTER TYPE \"job_status\" RENAME VALUE 'queued' TO 'waiting'",
  ])('%s would be found', (statement) => {
    expect(breaks(`${statement};`)).toEqual([statement]);
  });
});
