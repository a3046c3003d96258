import { randomBytes } from 'node:crypto';
import { migrate } from '@capstan/db';
import pg from 'pg';

/** Where a run's test databases are made. */
export interface PostgresSite {
  adminUrl: string;
  /** A migrated database that is cloned for every test file. */
  template: string;
  /** Begins the name of every database of this run. */
  prefix: string;
}

/** Makes the template once, so that a test file pays for a copy and not for the migrations. */
export async function preparePostgres(adminUrl: string): Promise<PostgresSite> {
  const prefix = `capstan_test_${randomBytes(4).toString('hex')}`;
  const template = `${prefix}_template`;
  await withClient(adminUrl, (client) => client.query(`CREATE DATABASE ${template}`));
  const url = new URL(adminUrl);
  url.pathname = `/${template}`;
  await migrate(url.href);
  return { adminUrl, template, prefix };
}

/** Drops every database of the run, those included that a failed test did not drop. */
export async function clearPostgres({ adminUrl, prefix }: PostgresSite): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>('SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)', [
      prefix,
    ]);
    for (const { name } of rows) await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`);
  });
}

async function withClient(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
