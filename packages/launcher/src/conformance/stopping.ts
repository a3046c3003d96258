import { expect, test } from 'vitest';
import type { Place } from './place.ts';
import { untilLog } from './wait-for.ts';

/** Asking first, forcing later. */
export function testStopping(place: Place): void {
  test('stop asks first: a rank that obeys ends with its own status', async () => {
    const name = await place.launchLiving(place.spec('polite'));
    await place.launcher().stop(name, { graceMs: 10_000 });
    const [rank] = await place.until(name, 'succeeded');
    expect(rank?.exitCode).toBe(0);
  });

  test('stop forces a rank that does not obey, after the grace and not before', async () => {
    const name = await place.launchLiving(place.spec('stubborn'));
    const asked = performance.now();
    await place.launcher().stop(name, { graceMs: 1_000 });
    const [rank] = await place.until(name, 'failed');
    expect(performance.now() - asked).toBeGreaterThan(900);
    expect(rank).toMatchObject({ exitCode: 137, reason: 'WorkerKilled' });
    expect(rank?.logTail.at(-1)).toBe('not yet');
  });

  test('a second stop can shorten the grace', async () => {
    const name = await place.launchLiving(place.spec('stubborn'));
    await place.launcher().stop(name, { graceMs: 600_000 });
    await untilLog(place.launcher(), { name, rank: 0 }, /not yet/, place.waitMs());
    await place.launcher().stop(name, { graceMs: 0 });
    await place.until(name, 'failed');
  });

  test('a stop that comes right after the launch ends the rank all the same', async () => {
    const name = await place.launch(place.spec('stubborn'));
    await place.launcher().stop(name, { graceMs: 0 });
    await place.until(name, 'failed');
  });
}
