import { getEventListeners } from 'node:events';
import { CancelledError } from '@capstan/core';
import { expect, it } from 'vitest';
import { systemClock } from './system-clock.ts';

it('sleeps for at least the time asked, to the resolution of timers', async () => {
  const before = performance.now();
  await systemClock.sleep(20);
  expect(performance.now() - before).toBeGreaterThanOrEqual(18);
});

it('an aborted sleep rejects with the reason of its signal and leaves no listener', async () => {
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60_000, { signal: controller.signal });
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
  controller.abort(new CancelledError('enough'));
  await expect(sleeping).rejects.toThrow('enough');
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
});

it('a sleep that ends leaves no listener, and an aborted signal never sleeps', async () => {
  const controller = new AbortController();
  await systemClock.sleep(1, { signal: controller.signal });
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  await expect(systemClock.sleep(60_000, { signal: AbortSignal.abort(new CancelledError('early')) })).rejects.toThrow('early');
});
