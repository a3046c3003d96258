import { expect, test } from 'vitest';
import type { Place } from './place.ts';
import { waitFor } from './wait-for.ts';

/** Being told of what is there, then of each change once. */
export function testWatching(place: Place): void {
  test('watch tells first what is there, also what ended while nobody watched, then each change once', async () => {
    const early = await place.launch(place.spec('succeed'));
    await place.until(early, 'succeeded');
    const watching = new AbortController();
    const changes: string[] = [];
    const watched = (async () => {
      for await (const { name, phase } of place.launcher().watch({ signal: watching.signal }))
        if (phase !== 'pending') changes.push(`${name} ${phase}`);
    })();
    await waitFor(
      async () => changes,
      (seen) => seen.length === 1,
      place.waitMs(),
    );
    const late = await place.launchLiving(place.spec('polite', { name: 'ftjob-polite-late-a1' }));
    await waitFor(
      async () => changes,
      (seen) => seen.includes(`${late} running`),
      place.waitMs(),
    );
    await place.launcher().stop(late, { graceMs: 5_000 });
    await waitFor(
      async () => changes,
      (seen) => seen.includes(`${late} succeeded`),
      place.waitMs(),
    );
    watching.abort();
    await watched;
    expect(changes).toEqual([`${early} succeeded`, `${late} running`, `${late} succeeded`]);
  });
}
