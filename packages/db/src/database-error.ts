import { AppError, UnavailableError } from '@capstan/core';

/** Socket errors of Node, SQLSTATE classes 08 (connection), 53 (resources) and 57P0x (shutdown), and Prisma's own words for them. */
const AWAY = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT|08|53|57P0|P1001|P1002|P1008|P1017|P2024)/;
const AWAY_MESSAGE = /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;
/** Prisma keeps Postgres' own code of an error that it has no word for (P2039) in the text only. */
const AWAY_WITHIN = /Code: `(08|53|57P0)/;
const RETRY_AFTER_MS = 1_000;

/** A database that cannot be reached becomes UnavailableError; every other error stays as it is. */
export function toAppError(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (!AWAY.test(code) && !AWAY_MESSAGE.test(error.message) && !AWAY_WITHIN.test(error.message)) return error;
  return new UnavailableError('The database cannot be reached.', { cause: error, retryAfterMs: RETRY_AFTER_MS });
}
