import { ApiError, ConnectionError } from '@capstan/client';
import { AppError, type ErrorCode } from '@capstan/core';
import { CommanderError } from 'commander';
import { JobNotSucceededError, UsageError } from './cli-errors.ts';

/** What scripts may rely on; shown by `capstan --help`. */
const EXIT_CODES = { ok: 0, error: 1, usage: 2, notFound: 3, auth: 4, unavailable: 5, jobNotSucceeded: 6 } as const;
type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

const BY_ERROR_CODE: Partial<Record<ErrorCode, ExitCode>> = {
  not_found: EXIT_CODES.notFound,
  unauthenticated: EXIT_CODES.auth,
  permission_denied: EXIT_CODES.auth,
  unavailable: EXIT_CODES.unavailable,
  rate_limited: EXIT_CODES.unavailable,
  deadline_exceeded: EXIT_CODES.unavailable,
};

const BY_HTTP_STATUS: Partial<Record<number, ExitCode>> = {
  401: EXIT_CODES.auth,
  403: EXIT_CODES.auth,
  404: EXIT_CODES.notFound,
  429: EXIT_CODES.unavailable,
  502: EXIT_CODES.unavailable,
  503: EXIT_CODES.unavailable,
  504: EXIT_CODES.unavailable,
};

/** The one place where an error becomes an exit status. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return EXIT_CODES.usage;
  if (error instanceof JobNotSucceededError) return EXIT_CODES.jobNotSucceeded;
  // Commander throws for --help and --version too, with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
  if (error instanceof ConnectionError) return EXIT_CODES.unavailable;
  if (error instanceof ApiError) return BY_HTTP_STATUS[error.status] ?? EXIT_CODES.error;
  if (error instanceof AppError) return BY_ERROR_CODE[error.code] ?? EXIT_CODES.error;
  return EXIT_CODES.error;
}
