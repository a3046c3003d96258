import type { Clock } from '@capstan/core';
import pg from 'pg';
import { CHANNEL, type Change, parseChange } from './change.ts';
import { ChangeInbox } from './change-inbox.ts';

const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 5_000;
const KEEP_ALIVE_DELAY_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Yields changes until `signal` aborts, then ends quietly. A lost connection is made again with growing pauses, and every
 * connection begins with `resync`, because what was said in between is gone.
 */
export async function* listen(url: string, clock: Clock, signal: AbortSignal): AsyncGenerator<Change> {
  let pauseMs = RECONNECT_MIN_MS;
  while (!signal.aborted) {
    for await (const change of listenOnce(url, signal)) {
      pauseMs = RECONNECT_MIN_MS;
      yield change;
    }
    await clock.sleep(pauseMs, { signal }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, RECONNECT_MAX_MS);
  }
}

/** One connection's changes; ends, without throwing, when the connection is lost or cannot be made. */
async function* listenOnce(url: string, signal: AbortSignal): AsyncGenerator<Change> {
  const client = new pg.Client({
    connectionString: url,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'capstan-changes',
  });
  const inbox = new ChangeInbox();
  const close = () => inbox.close();
  client.on('notification', ({ payload }) => {
    const change = parseChange(payload ?? '');
    if (change !== null) inbox.push(change);
  });
  client.on('error', close);
  client.on('end', close);
  signal.addEventListener('abort', close, { once: true });
  try {
    if (signal.aborted || !(await subscribe(client))) return;
    inbox.push({ kind: 'resync' });
    yield* inbox.drain();
  } finally {
    signal.removeEventListener('abort', close);
    await client.end().catch(() => undefined);
  }
}

async function subscribe(client: pg.Client): Promise<boolean> {
  try {
    await client.connect();
    await client.query(`LISTEN ${CHANNEL}`);
    return true;
  } catch {
    return false;
  }
}
