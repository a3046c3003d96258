import type { AppError, ErrorBody, ErrorCode } from '@capstan/core';
import type { Response } from 'express';
import { DatasetRefusedError } from '../files/dataset-refused-error.ts';

/** The one place where a code becomes an HTTP status. */
const STATUS: Record<ErrorCode, number> = {
  invalid_request: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  conflict: 409,
  payload_too_large: 413,
  rate_limited: 429,
  unsupported: 501,
  unavailable: 503,
  cancelled: 503,
  deadline_exceeded: 504,
  internal: 500,
  stale_epoch: 409,
  model_invalid: 400,
  dataset_invalid: 400,
  checkpoint_invalid: 500,
  training_diverged: 500,
};

/** Finer words that HTTP has a status of its own for. */
const STATUS_OF_REASON: Record<string, number> = {
  method_not_allowed: 405,
  request_timeout: 408,
  precondition_failed: 412,
  unsupported_media_type: 415,
  range_not_satisfiable: 416,
  expectation_failed: 417,
  headers_too_large: 431,
};

const TYPE_OF_STATUS: Record<number, string> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
};

const NO_QUOTA_LEFT = 'insufficient_quota';

/** Clients wait this long before they try a busy or absent server again, where nobody knows better. */
const DEFAULT_RETRY_AFTER_MS = 1_000;

/** Every answer that is not a success leaves through here, in OpenAI's shape. */
export function sendError(response: Response, error: AppError): void {
  const status = statusOf(error);
  for (const [name, value] of Object.entries(retryHeaders(status, error))) response.setHeader(name, value);
  response.status(status).json(errorBody(error));
}

export function statusOf(error: AppError): number {
  return (error.reason === undefined ? undefined : STATUS_OF_REASON[error.reason]) ?? STATUS[error.code];
}

export function errorBody(error: AppError): ErrorBody {
  const status = statusOf(error);
  // OpenAI's own word for a spent budget stands in both places.
  const type =
    error.reason === NO_QUOTA_LEFT ? NO_QUOTA_LEFT : (TYPE_OF_STATUS[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error'));
  const problems = error instanceof DatasetRefusedError ? { capstan: { problems: error.problems } } : {};
  return { error: { message: error.message, type, param: error.param ?? null, code: error.reason ?? error.code, ...problems } };
}

/** OpenAI's clients repeat every 409, 429 and 5xx, unless told that it cannot help. */
function retryHeaders(status: number, error: AppError): Record<string, string> {
  if (status === 409 || status === 501 || error.reason === NO_QUOTA_LEFT) return { 'x-should-retry': 'false' };
  if (status !== 429 && status !== 503) return {};
  const waitMs = error.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS;
  return { 'retry-after': String(Math.ceil(waitMs / 1000)), 'retry-after-ms': String(Math.ceil(waitMs)) };
}
