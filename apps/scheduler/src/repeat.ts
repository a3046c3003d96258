import type { Clock } from '@capstan/core';
import type { Logger } from '@capstan/runtime';

interface Repeated {
  name: string;
  everyMs: number;
  work: (signal: AbortSignal) => Promise<void>;
}

/** Runs `work` again and again, one at a time, until the signal aborts. A failure is logged and cured by the next turn. */
export async function repeat({ name, everyMs, work }: Repeated, { clock, logger }: { clock: Clock; logger: Logger }, signal: AbortSignal) {
  while (!signal.aborted) {
    try {
      await work(signal);
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error, work: name }, 'repeated work failed and will be tried again');
    }
    await clock.sleep(everyMs, { signal }).catch(() => undefined);
  }
}
