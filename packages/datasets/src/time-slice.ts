import { setImmediate } from 'node:timers/promises';

/** Half of what a server that answers others may be held for, because one row can take some milliseconds itself. */
const SLICE_MS = 10;

export interface TimeSlice {
  /** The slice is used up: await `rest()`. Apart from it, so that rows within a slice cost no promise. */
  isOver(): boolean;
  /** Lets the event loop serve others; afterwards a new slice begins. */
  rest(): Promise<void>;
}

/** `now` is a monotonic clock in milliseconds. */
export function createTimeSlice(now: () => number = () => performance.now()): TimeSlice {
  let startedAt = now();
  return {
    isOver: () => now() - startedAt >= SLICE_MS,
    rest: async () => {
      await setImmediate();
      startedAt = now();
    },
  };
}
