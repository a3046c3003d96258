import type { Clock } from '@capstan/core';
import { createWakeup, type Wakeup } from '../wakeup.ts';

/** Why a dispatch loop is woken: a job came, or slots may have fallen free. */
export type WakeCause = 'entry' | 'room';

/** One pool's alarm clock, which new entries do not ring while the pool is full: a busy API would wake the loop for nothing all the time. */
export interface PoolGate {
  wake(cause: WakeCause): void;
  wait: Wakeup['wait'];
  /** The last look found no room for the head of the queue. */
  isFull: boolean;
}

export function createPoolGate(clock: Clock): PoolGate {
  const wakeup = createWakeup(clock);
  return {
    isFull: false,
    wait: wakeup.wait,
    wake(cause) {
      if (cause === 'room' || !this.isFull) wakeup.wake();
    },
  };
}
