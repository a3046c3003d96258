import type { Clock } from '@capstan/core';
import { createLatch } from '../latch.ts';

/**
 * Which pools are working through a burst of entries. Launches wait for them: a decision costs a hundredth of a launch, and each job of
 * the burst can then say what becomes of it.
 */
export interface Decisions {
  begin(poolId: string): void;
  /** Without a `begin` before it nothing happens. */
  end(poolId: string): void;
  /** Resolves when no pool decides any more, at the latest two seconds after the first of them began. */
  settled(): Promise<void>;
}

const PATIENCE_MS = 2_000;

export function createDecisions(clock: Clock): Decisions {
  const deciding = new Set<string>();
  let quiet = createLatch();
  let patience = new AbortController();

  function start(): void {
    quiet = createLatch();
    patience = new AbortController();
    void clock.sleep(PATIENCE_MS, { signal: patience.signal }).then(quiet.open, () => undefined);
  }

  return {
    begin(poolId) {
      if (deciding.size === 0) start();
      deciding.add(poolId);
    },
    end(poolId) {
      if (!deciding.delete(poolId) || deciding.size > 0) return;
      patience.abort();
      quiet.open();
    },
    settled: () => (deciding.size === 0 ? Promise.resolve() : quiet.opened),
  };
}
