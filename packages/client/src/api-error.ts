import { type ErrorBody, errorBodySchema } from '@capstan/core';

export interface ApiErrorFields {
  status: number;
  type: string;
  code: string | null;
  param: string | null;
  requestId: string | null;
  retryAfterMs: number | null;
  /** Bad lines of a refused dataset. */
  problems: { line: number; message: string }[];
}

/** The server's answer was an error; `message` is the server's own and tells what to do. */
export class ApiError extends Error implements ApiErrorFields {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
  readonly problems: { line: number; message: string }[];

  constructor(message: string, fields: ApiErrorFields) {
    super(message);
    this.name = 'ApiError';
    this.status = fields.status;
    this.type = fields.type;
    this.code = fields.code;
    this.param = fields.param;
    this.requestId = fields.requestId;
    this.retryAfterMs = fields.retryAfterMs;
    this.problems = fields.problems;
  }
}

/** The server could not be reached, or the connection broke before the answer was whole. */
export class ConnectionError extends Error {
  constructor(url: string, cause: unknown) {
    super(`No answer from ${url}: is the server running?`, { cause });
    this.name = 'ConnectionError';
  }
}

/** The error that `response` carries; proxies answer with bodies that are not ours, so anything is understood. */
export async function readApiError(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  const error = parseError(text);
  return new ApiError(error?.message ?? `The server answered ${response.status} ${response.statusText}`.trim(), {
    status: response.status,
    type: error?.type ?? 'server_error',
    code: error?.code ?? null,
    param: error?.param ?? null,
    requestId: response.headers.get('x-request-id'),
    retryAfterMs: retryAfterMs(response.headers),
    problems: error?.capstan?.problems ?? [],
  });
}

function parseError(text: string): ErrorBody['error'] | null {
  try {
    return errorBodySchema.parse(JSON.parse(text)).error;
  } catch {
    return null;
  }
}

function retryAfterMs(headers: Headers): number | null {
  const milliseconds = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(milliseconds)) return milliseconds;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : null;
}
