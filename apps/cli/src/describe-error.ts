import { ApiError, ConnectionError } from '@capstan/client';
import { AppError } from '@capstan/core';
import { EXIT_CODES, type ExitCode, exitCodeOf } from './exit-code.ts';

const ADVICE: Partial<Record<ExitCode, string>> = {
  [EXIT_CODES.auth]: 'Give a key with --api-key or CAPSTAN_API_KEY; an administrator makes keys with `capstan keys create`.',
  [EXIT_CODES.unavailable]: 'Start the platform with `capstan up`, or name its address with --base-url.',
};

/** One line that says what went wrong, and what to do where that is known. */
export function describeError(error: unknown): string {
  const message = messageOf(error);
  const sentence = /[.!?:`)\]]$/.test(message) ? message : `${message}.`;
  const advice = error instanceof ApiError || error instanceof ConnectionError ? ADVICE[exitCodeOf(error)] : undefined;
  // A server that answers is up: its own words about being busy are better than ours.
  const isUseful = advice !== undefined && !(error instanceof ApiError && exitCodeOf(error) === EXIT_CODES.unavailable);
  return isUseful ? `${sentence} ${advice}` : sentence;
}

/** The same as a JSON document. */
export function errorDocument(error: unknown) {
  const code =
    error instanceof ApiError || error instanceof AppError ? error.code : error instanceof ConnectionError ? 'unavailable' : null;
  const param = error instanceof ApiError || error instanceof AppError ? error.param : null;
  const problems = error instanceof ApiError && error.problems.length > 0 ? { problems: error.problems } : {};
  return { error: { code: code ?? 'internal', message: describeError(error), param: param ?? null, ...problems } };
}

function messageOf(error: unknown): string {
  if (error instanceof Error && error.name === 'ZodError') {
    return 'The answer of the server is not what this version of capstan expects: use the version that the server has.';
  }
  const message = (error instanceof Error ? error.message : String(error)).trim();
  return message === '' ? 'Something went wrong' : message;
}
