import type { Clock } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { createWakeup } from './wakeup.ts';

/** Sleeps for ever unless told otherwise; only the signal ends it. */
const endlessClock: Clock = {
  now: () => new Date(0),
  sleep: (_ms, { signal } = {}) =>
    new Promise((_, reject) => {
      if (signal?.aborted) reject(signal.reason);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    }),
};

describe('createWakeup', () => {
  const { signal } = new AbortController();

  it('ends a wait', async () => {
    const wakeup = createWakeup(endlessClock);
    const waiting = wakeup.wait(1000, { signal });
    wakeup.wake();
    await expect(waiting).resolves.toBe(true);
  });

  it('remembers one call made before the wait', async () => {
    const wakeup = createWakeup(endlessClock);
    wakeup.wake();
    wakeup.wake();
    await wakeup.wait(1000, { signal });
    const second = wakeup.wait(1000, { signal });
    expect(await Promise.race([second.then(() => 'woken'), Promise.resolve('waiting')])).toBe('waiting');
    wakeup.wake();
    await second;
  });

  it('ends when the signal aborts', async () => {
    const stopped = new AbortController();
    const waiting = createWakeup(endlessClock).wait(1000, { signal: stopped.signal });
    stopped.abort();
    await expect(waiting).resolves.toBe(false);
  });
});
