import { AppError, UnavailableError } from '@capstan/core';

const RETRY_AFTER_MS = 1_000;

const SYSTEM_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENOENT']);

/** Postgres: connection exceptions (08), too many connections, shutdown and start-up. */
const POSTGRES_CODES = /^(08...|53300|57P0[123])$/;

const MESSAGES = [
  /Connection is closed/i,
  /Stream isn't writeable/i,
  /Command timed out/i,
  /max retries per request/i,
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|UNBLOCKED) /,
  /Connection terminated/i,
  /timeout exceeded when trying to connect/i,
  /Query read timeout/i,
  /Cannot use a pool after calling end/i,
];

/** Whether the store, not the request, is at fault: the same call may succeed a little later. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(isOutage)) return true;
  if (error.name === 'AbortError' || error.name === 'MaxRetriesPerRequestError') return true;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return SYSTEM_CODES.has(code) || POSTGRES_CODES.test(code) || MESSAGES.some((message) => message.test(error.message));
}

/** Runs `work`; an outage of the store becomes `UnavailableError`, everything else passes as it is. */
export async function reachingStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError || !isOutage(error)) throw error;
    throw new UnavailableError('The queue cannot be reached.', { cause: error, retryAfterMs: RETRY_AFTER_MS });
  }
}
