import { createServer, type Server } from 'node:http';
import { type Clock, InvalidRequestError } from '@capstan/core';
import type { Database } from '@capstan/db';
import type { JobQueue } from '@capstan/queue';
import type { Registry } from 'prom-client';

export interface HealthOptions {
  /** `host:port`; port 0 takes a free one. */
  address: string;
  registry: Registry;
  db: Pick<Database, 'ping'>;
  queue: Pick<JobQueue, 'ping'>;
  clock: Clock;
}

export interface HealthServer {
  port: number;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  type: string;
  body: string;
}

const CHECK_TIMEOUT_MS = 2_000;

/**
 * Plain HTTP for whoever watches over a scheduler: `/healthz`, the process answers; `/readyz`, what it needs answers too, and if not, what is
 * wrong; `/metrics`, in Prometheus' format. Without keys, so its port is one that the outside does not reach.
 */
export async function serveHealth(options: HealthOptions): Promise<HealthServer> {
  const paths: Record<string, () => Promise<Answer>> = {
    '/healthz': async () => json(200, { status: 'ok' }),
    '/readyz': () => readiness(options),
    '/metrics': async () => ({ status: 200, type: options.registry.contentType, body: await options.registry.metrics() }),
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const answer = paths[path]?.() ?? Promise.resolve(json(404, { status: `There is only ${Object.keys(paths).join(', ')}.` }));
    void answer
      .catch((error: unknown) => json(500, { status: wordsOf(error) }))
      .then(({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body));
  });
  await listen(server, options.address);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, address: string): Promise<void> {
  const parts = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]*)):(?<port>\d+)$/.exec(address)?.groups;
  if (parts === undefined) throw new InvalidRequestError(`HEALTH_ADDRESS must be host:port, and is ${address}.`);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: parts.v6 ?? parts.host, port: Number(parts.port) }, resolve);
  });
}

async function readiness({ db, queue, clock }: HealthOptions): Promise<Answer> {
  const checks = { database: await check(() => db.ping(), clock), queue: await check(() => queue.ping(), clock) };
  const isReady = Object.values(checks).every((problem) => problem === 'ok');
  return json(isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', checks });
}

/** `ok`, or what is wrong. A service that does not answer is as wrong as one that refuses. */
async function check(ping: () => Promise<unknown>, clock: Clock): Promise<string> {
  const timer = new AbortController();
  const late = clock.sleep(CHECK_TIMEOUT_MS, { signal: timer.signal }).then(
    () => `no answer within ${CHECK_TIMEOUT_MS} ms`,
    () => 'ok',
  );
  try {
    return await Promise.race([ping().then(() => 'ok', wordsOf), late]);
  } finally {
    timer.abort();
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}
