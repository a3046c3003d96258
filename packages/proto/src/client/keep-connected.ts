import { type AppError, type Clock, type ErrorCode, UnavailableError } from '@capstan/core';
import { fromStatus } from '../status.ts';

export interface ReconnectOptions {
  clock: Clock;
  /** In [0, 1): spreads the reconnects of many workers after a restart. */
  random: () => number;
  signal: AbortSignal;
  /** Hears of every connection that was lost and will be tried again. */
  onRetry?: ((error: AppError) => void) | undefined;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;

/** The same call would only be refused again. */
const FINAL_CODES: ReadonlySet<ErrorCode> = new Set([
  'invalid_request',
  'unauthenticated',
  'permission_denied',
  'not_found',
  'unsupported',
  'stale_epoch',
  'payload_too_large',
]);

/**
 * Runs `connect` again and again, with growing pauses, for as long as the signal lives. `connect` says `connected` when the other
 * side has answered. Rejects with a refusal that is final, or the signal's reason.
 */
export async function keepConnected(connect: (connected: () => void) => Promise<void>, options: ReconnectOptions): Promise<never> {
  const { clock, random, signal, onRetry } = options;
  let failures = 0;
  for (;;) {
    const error = await connect(() => {
      failures = 0;
    }).then(() => new UnavailableError('The other side has ended the session.'), fromStatus);
    signal.throwIfAborted();
    if (FINAL_CODES.has(error.code)) throw error;
    onRetry?.(error);
    await clock.sleep(reconnectDelayMs(failures, random), { signal });
    failures += 1;
  }
}

/** Exponential, with jitter over its upper half. */
export function reconnectDelayMs(failures: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
  return ceiling / 2 + (ceiling / 2) * random();
}
