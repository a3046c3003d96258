import { AppError, UnavailableError } from '@capstan/core';

/**
 * Socket errors of Node, SQLSTATE classes 08 (connection), 53 (resources), 57P0x (shutdown) and 25P03 (idle in a transaction for too long), and
 * Prisma's own words for them.
 */
const AWAY = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT|08|53|57P0|25P03|P1001|P1002|P1008|P1017|P2024)/;
const QUERY_TIMEOUT = 'Query read timeout';
const AWAY_MESSAGE = new RegExp(
  `Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|${QUERY_TIMEOUT}`,
);
/** Prisma keeps Postgres' own code of an error that it has no word for (P2039) in the text only. */
const AWAY_WITHIN = /Code: `(08|53|57P0|25P03)/;
const RETRY_AFTER_MS = 1_000;

/** A database that cannot be reached becomes UnavailableError; every other error stays as it is. */
export function toAppError(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (!AWAY.test(code) && !AWAY_MESSAGE.test(error.message) && !AWAY_WITHIN.test(error.message)) return error;
  return new UnavailableError('The database cannot be reached.', { cause: error, retryAfterMs: RETRY_AFTER_MS });
}

/** Whether pg gave up waiting for an answer: the connection still waits for it, and whatever is sent there next waits behind. */
export function isQueryTimeout(error: unknown): error is Error {
  return error instanceof Error && error.message === QUERY_TIMEOUT;
}
