import type { SchedulerContext } from '../scheduler-context.ts';
import { dispatchPool } from './dispatch-pool.ts';
import { createPoolGate, type PoolGate, type WakeCause } from './pool-gate.ts';

/** One dispatch loop per pool that this scheduler can launch in, started when the pool is first seen. */
export interface Dispatchers {
  /** Something may be launched in this pool now. */
  wake(poolId: string, cause: WakeCause): void;
  /** Starts loops for pools that are new, and wakes all. */
  refresh(): Promise<void>;
  /** Resolves when all loops have ended, after the signal aborted. */
  ended(): Promise<void>;
}

export function createDispatchers(context: SchedulerContext, signal: AbortSignal): Dispatchers {
  const pools = new Map<string, { gate: PoolGate; loop: Promise<void> }>();

  function start(poolId: string): void {
    const gate = createPoolGate(context.clock);
    pools.set(poolId, { gate, loop: dispatchPool(poolId, gate, context, signal) });
  }

  return {
    wake: (poolId, cause) => pools.get(poolId)?.gate.wake(cause),
    async refresh() {
      for (const { id } of await context.ownPools.list()) {
        if (signal.aborted) return;
        if (pools.has(id)) pools.get(id)?.gate.wake('room');
        else start(id);
      }
    },
    async ended() {
      await Promise.all([...pools.values()].map(({ loop }) => loop));
    },
  };
}
