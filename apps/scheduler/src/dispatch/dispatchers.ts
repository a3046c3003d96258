import type { SchedulerContext } from '../scheduler-context.ts';
import { createWakeup, type Wakeup } from '../wakeup.ts';
import { dispatchPool } from './dispatch-pool.ts';

/** One dispatch loop per pool, started when the pool is first seen. */
export interface Dispatchers {
  /** Something may be launched in this pool now: a job came, a slot fell free, or the pool was changed. */
  wake(poolId: string): void;
  /** Starts loops for pools that are new, and wakes all. */
  refresh(): Promise<void>;
  /** Resolves when all loops have ended, after the signal aborted. */
  ended(): Promise<void>;
}

export function createDispatchers(context: SchedulerContext, signal: AbortSignal): Dispatchers {
  const pools = new Map<string, { wakeup: Wakeup; loop: Promise<void> }>();

  function start(poolId: string): void {
    const wakeup = createWakeup(context.clock);
    pools.set(poolId, { wakeup, loop: dispatchPool(poolId, wakeup, context, signal) });
  }

  return {
    wake: (poolId) => pools.get(poolId)?.wakeup.wake(),
    async refresh() {
      for (const { id } of await context.db.pools.list()) {
        if (signal.aborted) return;
        if (pools.has(id)) pools.get(id)?.wakeup.wake();
        else start(id);
      }
    },
    async ended() {
      await Promise.all([...pools.values()].map(({ loop }) => loop));
    },
  };
}
