import { ConflictError } from '@capstan/core';
import pg from 'pg';
import { toAppError } from './database-error.ts';

/** That this machine, and no other, may start local processes for the jobs of a database. */
export interface HostClaim {
  /** Aborts when the session that holds it has gone; another machine may claim it then. */
  lost: AbortSignal;
  release(): Promise<void>;
}

/** The first half of the advisory locks' keys: "host". */
const LOCKS = 0x68_6f_73_74;
/** The second half, for those who are about to claim; no host has this id. */
const CLAIMING = 0;
const CONNECT_TIMEOUT_MS = 10_000;
/** Postgres lets go of a machine that fell silent within half a minute, instead of hours. */
const KEEP_ALIVE = '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4';

/**
 * Claims the database's local processes for the host, for as long as the session lives: any number of processes of one host may, and another
 * host is refused with a ConflictError. Claims are made one after the other, so of two hosts at once one is refused.
 */
export async function claimHost(url: string, hostId: number): Promise<HostClaim> {
  const lost = new AbortController();
  const client = new pg.Client({
    connectionString: url,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'capstan-host',
    options: KEEP_ALIVE,
  });
  client.on('error', () => lost.abort());
  client.on('end', () => lost.abort());
  try {
    await client.connect();
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [LOCKS, CLAIMING]);
    if (await isHeldByAnother(client, hostId)) throw new ConflictError(REFUSAL);
    await client.query('SELECT pg_advisory_lock_shared($1, $2)', [LOCKS, hostId]);
    await client.query('COMMIT');
  } catch (error) {
    await client.end().catch(() => undefined);
    throw toAppError(error);
  }
  return { lost: lost.signal, release: () => client.end().catch(() => undefined) };
}

const REFUSAL =
  'A scheduler on another machine, or with another RUNS_DIR, starts local workers for this database, and would start the same ones: ' +
  'give one machine WORKER_COMMAND, or let pods run the jobs of several.';

async function isHeldByAnother(client: pg.Client, hostId: number): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
     WHERE l.locktype = 'advisory' AND l.classid::bigint = $1 AND l.objid::bigint NOT IN ($2, $3)`,
    [LOCKS, CLAIMING, hostId],
  );
  return (rowCount ?? 0) > 0;
}
