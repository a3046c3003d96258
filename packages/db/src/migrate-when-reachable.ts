import { type Clock, UnavailableError } from '@capstan/core';
import { type Migrated, migrate } from './migrate.ts';

export interface MigrateWhenReachableOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Told of every try that met no server, and where it looked. */
  onAway: (error: UnavailableError, address: string) => void;
  /** `migrate` by default. */
  bringUpToDate?: (url: string) => Promise<Migrated>;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5_000;

/**
 * Resolves once Postgres answers and its schema is up to date. Containers start in any order, so absence is no reason to die; whatever
 * else is wrong is thrown.
 */
export async function migrateWhenReachable(url: string, options: MigrateWhenReachableOptions): Promise<Migrated> {
  const { clock, signal, onAway, bringUpToDate = migrate } = options;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
    signal.throwIfAborted();
    try {
      return await bringUpToDate(url);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      onAway(error, addressOf(url));
    }
    await clock.sleep(delayMs, { signal });
  }
}

/** Without user and password. */
function addressOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'an address that is not a URL';
  }
}
