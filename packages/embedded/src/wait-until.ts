import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/** Asks `holds` again and again; false where it did not hold within `timeoutMs`. */
export async function waitUntil(holds: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
