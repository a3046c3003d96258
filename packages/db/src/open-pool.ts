import pg from 'pg';

const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_DELAY_MS = 10_000;
/** `int8`: counts, bytes and row numbers, all far below 2⁵³. */
const INT8_OID = 20;

export interface PoolTimeouts {
  /** Postgres ends a session that holds a transaction, and with it locks, so long without a word: its process is frozen, or away. */
  idleInTransactionMs: number;
  /** A statement without an answer for so long was sent to a server that is gone. The longest take seconds, or wait for a lock of the above. */
  queryMs: number;
}

const TIMEOUTS: PoolTimeouts = { idleInTransactionMs: 30_000, queryMs: 60_000 };

/** Opens nothing yet. Whatever becomes of a connection, it is told by the statement that meets it, never by the end of the process. */
export function openPool(url: string, max: number, { idleInTransactionMs, queryMs }: PoolTimeouts = TIMEOUTS): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    query_timeout: queryMs,
    application_name: 'capstan',
    // Prisma's adapter reads timestamptz as if the session were in UTC.
    options: '-c TimeZone=UTC',
    types: { getTypeParser: (oid, format) => (oid === INT8_OID && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format)) },
  });
  // An idle connection that breaks is replaced on the next use; without a listener its error would end the process.
  pool.on('error', () => undefined);
  // So would that of one in hand, which can break between two statements of a transaction.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
