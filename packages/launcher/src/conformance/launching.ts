import { expect, test } from 'vitest';
import type { Place } from './place.ts';

const { signal } = new AbortController();

/** Launching once, together, or not at all. */
export function testLaunching(place: Place): void {
  test('launching the same name again starts nothing, at the same time or later, running or ended', async () => {
    const polite = place.spec('polite');
    await Promise.all([place.launchLiving(polite), place.anotherLauncher().launch(polite, { signal })]);
    const [before] = await place.ranksOf(polite.name);
    await place.launch(polite);
    expect(await place.ranksOf(polite.name)).toEqual([before]);
    await place.launcher().stop(polite.name, { graceMs: 5_000 });
    const ended = await place.until(polite.name, 'succeeded');
    await place.launch(polite);
    expect(await place.ranksOf(polite.name)).toEqual(ended);
  });

  test('a world of two is two ranks, launched and stopped together', async () => {
    const name = await place.launchLiving(place.spec('polite', { worldSize: 2 }));
    const ranks = await place.ranksOf(name);
    expect(ranks.map(({ rank }) => rank)).toEqual([0, 1]);
    await place.launcher().stop(name, { graceMs: 5_000 });
    expect(await place.until(name, 'succeeded')).toHaveLength(2);
  });

  test('an aborted launch rejects with the reason of its signal', async () => {
    const reason = new Error('shutting down');
    await expect(place.launcher().launch(place.spec('polite'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await place.launcher().list({ signal })).toEqual([]);
  });
}
