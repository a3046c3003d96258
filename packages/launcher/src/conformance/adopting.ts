import { expect, test } from 'vitest';
import type { Place } from './place.ts';

const { signal } = new AbortController();

/** What another launcher over the same place sees, and what unknown names do. */
export function testAdopting(place: Place): void {
  test('unknown names can be stopped, removed and read, and nothing happens', async () => {
    await place.launcher().stop('ftjob-unknown-a1', { graceMs: 0 });
    await place.launcher().remove('ftjob-unknown-a1');
    expect(await place.launcher().readLog('ftjob-unknown-a1', 0, { tailBytes: 100 })).toBe('');
    expect(await place.launcher().list({ signal })).toEqual([]);
  });

  test('a removed name is no longer listed, and removing it again is fine', async () => {
    const name = await place.launch(place.spec('succeed'));
    await place.until(name, 'succeeded');
    await place.launcher().remove(name);
    await place.launcher().remove(name);
    expect(await place.ranksOf(name)).toEqual([]);
    expect(await place.ranksOf(name, place.anotherLauncher())).toEqual([]);
  });

  test('another launcher over the same place sees the ranks, reads their output and stops them', async () => {
    const name = await place.launchLiving(place.spec('polite'));
    const adopter = place.anotherLauncher();
    await place.until(name, 'running', adopter);
    expect(await adopter.readLog(name, 0, { tailBytes: 100 })).toBe('ready\n');
    await adopter.stop(name, { graceMs: 5_000 });
    await place.until(name, 'succeeded', adopter);
    expect(await place.ranksOf(name)).toEqual(await place.ranksOf(name, adopter));
  });
}
