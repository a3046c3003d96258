import { type Clock, UnavailableError } from '@capstan/core';
import type { Logger } from '@capstan/runtime';

export interface WaitOptions {
  /** Brings the schema up to date; rejects with an UnavailableError while there is no server. */
  migrate: () => Promise<unknown>;
  databaseUrl: string;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5_000;

/** Resolves once Postgres answers and its schema is up to date. Containers start in any order, so absence is no reason to die. */
export async function waitForDatabase({ migrate, databaseUrl, clock, logger, signal }: WaitOptions): Promise<void> {
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
    signal.throwIfAborted();
    try {
      await migrate();
      return;
    } catch (err) {
      if (!(err instanceof UnavailableError)) throw err;
      logger.warn({ address: addressOf(databaseUrl), err }, 'waiting for Postgres: check DATABASE_URL if this goes on');
    }
    await clock.sleep(delayMs, { signal });
  }
}

function addressOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'an address that is not a URL';
  }
}
