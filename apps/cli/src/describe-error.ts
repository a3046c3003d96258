import { ApiError, ConnectionError } from '@capstan/client';
import { AppError } from '@capstan/core';

const SHOWN_PROBLEMS = 10;

/** One line that says what went wrong, and what to do where that is known; the bad lines of a dataset stand below it. */
export function describeError(error: unknown): string {
  return [headline(error), ...problemLines(error)].join('\n');
}

function headline(error: unknown): string {
  const message = messageOf(error);
  const sentence = /[.!?:`)\]]$/.test(message) ? message : `${message}.`;
  const advice = adviceFor(error);
  return advice === null ? sentence : `${sentence} ${advice}`;
}

function adviceFor(error: unknown): string | null {
  if (error instanceof ConnectionError) return 'Start the platform with `capstan up`, or name its address with --base-url.';
  if (!(error instanceof ApiError)) return null;
  if (error.status === 401) return 'Give a key with --api-key or CAPSTAN_API_KEY.';
  if (error.status === 403) return 'Give another key with --api-key; an administrator makes keys with `capstan keys create`.';
  return null;
}

function problemLines(error: unknown): string[] {
  const problems = error instanceof ApiError ? error.problems : [];
  const shown = problems.slice(0, SHOWN_PROBLEMS).map(({ message }) => `  ${message}`);
  return problems.length > shown.length ? [...shown, `  … and ${problems.length - shown.length} more; --json lists them.`] : shown;
}

/** The same as a JSON document. */
export function errorDocument(error: unknown) {
  const code =
    error instanceof ApiError || error instanceof AppError ? error.code : error instanceof ConnectionError ? 'unavailable' : null;
  const param = error instanceof ApiError || error instanceof AppError ? error.param : null;
  const problems = error instanceof ApiError && error.problems.length > 0 ? { problems: error.problems } : {};
  return { error: { code: code ?? 'internal', message: headline(error), param: param ?? null, ...problems } };
}

function messageOf(error: unknown): string {
  if (error instanceof Error && error.name === 'ZodError') {
    return 'The answer of the server is not what this version of capstan expects: use the version that the server has.';
  }
  const message = (error instanceof Error ? error.message : String(error)).trim();
  return message === '' ? 'Something went wrong' : message;
}
