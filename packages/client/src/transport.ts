import { type Clock, SESSION_HEADER } from '@capstan/core';
import { ApiError, ConnectionError, readApiError } from './api-error.ts';

export interface ClientOptions {
  /** As for OpenAI's client: with the version, e.g. `http://127.0.0.1:8080/v1`. A path alone works in a browser. */
  baseUrl: string;
  /** Null in a browser that is logged in: its session's cookie goes along by itself. */
  apiKey: string | null;
  clock: Clock;
  fetch?: typeof globalThis.fetch;
  /** Repeats of a request that is safe to repeat, after a lost connection, 429 or 5xx. 2 by default. */
  maxRetries?: number;
}

export interface RequestOptions {
  signal?: AbortSignal | undefined;
}

export interface Call extends RequestOptions {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | number | null | undefined>;
  json?: unknown;
  form?: FormData;
  headers?: Record<string, string>;
  /** Whether sending it twice has the effect of sending it once. GET and DELETE are by themselves. */
  repeatable?: boolean;
}

/** What a zod schema offers. */
export interface Schema<Value> {
  parse(input: unknown): Value;
}

export interface Transport {
  clock: Clock;
  /** Resolves with a successful response; every other outcome is an ApiError, a ConnectionError or the signal's reason. */
  send: (call: Call) => Promise<Response>;
  /** `send`, with the body parsed by `schema`. */
  request: <Value>(schema: Schema<Value>, call: Call) => Promise<Value>;
}

const DEFAULT_RETRIES = 2;
const FIRST_DELAY_MS = 400;
/** Longer waits are the caller's to decide, as in OpenAI's client. */
const LONGEST_RETRY_AFTER_MS = 60_000;

export function createTransport(options: ClientOptions): Transport {
  const { clock, maxRetries = DEFAULT_RETRIES } = options;
  const send = async (call: Call): Promise<Response> => {
    const retries = isRepeatable(call) ? maxRetries : 0;
    for (let attempt = 0; ; attempt++) {
      try {
        return await sendOnce(options, call);
      } catch (error) {
        const delayMs = retryDelayMs(error, attempt);
        if (attempt >= retries || delayMs === null) throw error;
        await clock.sleep(delayMs, { signal: call.signal });
      }
    }
  };
  return { clock, send, request: async (schema, call) => schema.parse(await readJson(await send(call))) };
}

async function sendOnce({ baseUrl, apiKey, fetch = globalThis.fetch }: ClientOptions, call: Call): Promise<Response> {
  const url = `${baseUrl.replace(/\/+$/, '')}${call.path}${queryString(call.query)}`;
  const headers: Record<string, string> = { ...credential(apiKey), ...call.headers };
  if (call.json !== undefined) headers['content-type'] = 'application/json';
  const body = call.form ?? (call.json === undefined ? null : JSON.stringify(call.json));
  let response: Response;
  try {
    response = await fetch(url, { method: call.method, headers, body, signal: call.signal ?? null });
  } catch (error) {
    if (call.signal?.aborted) throw call.signal.reason;
    throw new ConnectionError(url, error);
  }
  if (!response.ok) throw await readApiError(response);
  return response;
}

function credential(apiKey: string | null): Record<string, string> {
  return apiKey === null ? { [SESSION_HEADER]: '1' } : { authorization: `Bearer ${apiKey}` };
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw new ConnectionError(response.url, error);
  }
}

function isRepeatable({ method, repeatable }: Call): boolean {
  return repeatable ?? (method === 'GET' || method === 'DELETE');
}

/** How long to wait before the same request is worth another try; null where it is not. */
function retryDelayMs(error: unknown, attempt: number): number | null {
  const backoffMs = FIRST_DELAY_MS * 2 ** attempt;
  if (error instanceof ConnectionError) return backoffMs;
  if (!(error instanceof ApiError) || (error.status !== 429 && error.status < 500) || error.status === 501) return null;
  const wait = error.retryAfterMs ?? backoffMs;
  return wait <= LONGEST_RETRY_AFTER_MS ? wait : null;
}

function queryString(query: Call['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== null) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** An id as one path segment; `/` and `:` of model names survive. */
export function segment(id: string): string {
  return encodeURIComponent(id);
}
