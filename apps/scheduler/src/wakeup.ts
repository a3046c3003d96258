import type { Clock } from '@capstan/core';

/** A loop's alarm clock: it rings after a while, or as soon as somebody says that there is work. */
export interface Wakeup {
  /** Ends the current wait, or the next one at once if nobody waits; several calls before it count as one. */
  wake(): void;
  /** Resolves after `ms`, at `wake`, or when the signal aborts; never rejects. Answers whether somebody called. */
  wait(ms: number, options: { signal: AbortSignal }): Promise<boolean>;
}

export function createWakeup(clock: Clock): Wakeup {
  let isDue = false;
  let ring: (() => void) | undefined;
  return {
    wake() {
      isDue = true;
      ring?.();
    },
    async wait(ms, { signal }) {
      if (!isDue) {
        const alarm = new AbortController();
        ring = () => alarm.abort();
        // By hand: AbortSignal.any would leave a trace on the long-lived signal with every wait.
        const stop = () => alarm.abort();
        if (signal.aborted) stop();
        signal.addEventListener('abort', stop, { once: true });
        await clock.sleep(ms, { signal: alarm.signal }).catch(() => undefined);
        signal.removeEventListener('abort', stop);
        ring = undefined;
      }
      const wasCalled = isDue;
      isDue = false;
      return wasCalled;
    },
  };
}
