import type { Clock, UnavailableError } from '@capstan/core';
import { type Migrated, migrate } from './migrate.ts';
import { whenReachable } from './when-reachable.ts';

export interface MigrateWhenReachableOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Told of every try that met no server, and where it looked. */
  onAway: (error: UnavailableError, address: string) => void;
  /** `migrate` by default. */
  bringUpToDate?: (url: string) => Promise<Migrated>;
}

/**
 * Resolves once Postgres answers and its schema is up to date. Containers start in any order, so absence is no reason to die; whatever
 * else is wrong is thrown.
 */
export function migrateWhenReachable(url: string, options: MigrateWhenReachableOptions): Promise<Migrated> {
  const { clock, signal, onAway, bringUpToDate = migrate } = options;
  return whenReachable(() => bringUpToDate(url), { clock, signal, onAway: (error) => onAway(error, addressOf(url)) });
}

/** Without user and password. */
function addressOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'an address that is not a URL';
  }
}
