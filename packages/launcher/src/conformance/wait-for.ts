import { setTimeout as sleep } from 'node:timers/promises';
import type { Launcher } from '../launcher.ts';

export const WAIT_MS = 15_000;
const POLL_MS = 50;

/** Looks until `isDone`, in bounded time; the failure shows what was seen last. */
export async function waitFor<T>(look: () => Promise<T>, isDone: (seen: T) => boolean, waitMs = WAIT_MS): Promise<T> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const seen = await look();
    if (isDone(seen)) return seen;
    if (performance.now() > deadline) throw new Error(`Waited in vain; last seen: ${JSON.stringify(seen)}`);
    await sleep(POLL_MS);
  }
}

export function untilLog(
  launcher: Launcher,
  { name, rank }: { name: string; rank: number },
  pattern: RegExp,
  waitMs = WAIT_MS,
): Promise<string> {
  return waitFor(
    () => launcher.readLog(name, rank, { tailBytes: 10_000 }),
    (log) => pattern.test(log),
    waitMs,
  );
}
