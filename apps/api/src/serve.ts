import { createServer, type RequestListener, type Server } from 'node:http';
import { type Clock, InvalidRequestError } from '@capstan/core';
import type { Express } from 'express';
import { refuse, refuseUnreadable } from './http/refuse-unreadable.ts';

export interface RunningServer {
  port: number;
  /** Takes no new requests, lets current ones end, and cuts those that take longer than `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/** Large uploads over slow lines take their time; a request that takes longer than this is not coming. */
const REQUEST_TIMEOUT_MS = 3_600_000;
/** Longer than the idle timeout of usual load balancers and clients, so that they close first and never meet a closed connection. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

export async function serve(app: Express, { host, port, clock }: { host: string; port: number; clock: Clock }): Promise<RunningServer> {
  const timeouts = { requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS };
  const server = createServer({ ...timeouts, requireHostHeader: false }, withHost(app));
  refuseUnreadable(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: (timeoutMs) => close(server, timeoutMs, clock),
  };
}

/** HTTP/1.1 demands the header; Node's own check would answer without a word. */
function withHost(app: Express): RequestListener {
  return (request, response) => {
    if (request.headers.host !== undefined || request.httpVersion === '1.0') app(request, response);
    else refuse(response, new InvalidRequestError('The request lacks the header Host.', { param: 'host', reason: 'invalid_http' }));
  };
}

const IDLE_SWEEP_MS = 50;

async function close(server: Server, timeoutMs: number, clock: Clock): Promise<void> {
  const ended = new AbortController();
  const closed = new Promise<void>((resolve) => server.close(() => resolve())).finally(() => ended.abort());
  const late = clock.sleep(timeoutMs, { signal: ended.signal }).then(
    () => server.closeAllConnections(),
    () => undefined,
  );
  // A stream that ends now leaves its connection open and idle, which Node would wait for until it times out.
  while (!ended.signal.aborted) {
    server.closeIdleConnections();
    await clock.sleep(IDLE_SWEEP_MS, { signal: ended.signal }).catch(() => undefined);
  }
  await closed;
  await late;
}
