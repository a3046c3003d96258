import type { Clock } from '@capstan/core';

/** The clock of the machine. A sleeping timer keeps the process alive, as awaited work should. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (ms, { signal } = {}) => sleep(ms, signal),
};

/** setTimeout fires at once above this many milliseconds (2³¹ − 1), so longer sleeps are taken in pieces. */
const LONGEST_TIMER_MS = 2_147_483_647;

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let left = ms;
  do {
    const piece = Math.min(left, LONGEST_TIMER_MS);
    await sleepOnce(piece, signal);
    left -= piece;
  } while (left > 0);
}

function sleepOnce(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
