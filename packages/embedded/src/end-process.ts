import { isAlive } from './process-identity.ts';
import { waitUntil } from './wait-until.ts';

export interface EndStep {
  signal: NodeJS.Signals;
  waitMs: number;
}

/** Ends a process by each signal in turn until it is gone: ask first, force last. A process that is gone already is success. */
export async function endProcess(pid: number, steps: readonly EndStep[], isGone = () => !isAlive(pid)): Promise<void> {
  for (const { signal, waitMs } of steps) {
    if (isGone()) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    if (await waitUntil(isGone, waitMs)) return;
  }
}
