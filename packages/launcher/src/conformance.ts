import { afterEach, beforeEach, describe } from 'vitest';
import { testAdopting } from './conformance/adopting.ts';
import { testEndings } from './conformance/endings.ts';
import { testLaunching } from './conformance/launching.ts';
import { type LauncherHarness, makePlace } from './conformance/place.ts';
import { testStopping } from './conformance/stopping.ts';
import { testWatching } from './conformance/watching.ts';
import type { Launcher } from './launcher.ts';

export { type LauncherHarness, makeLaunchSpec, type WorkerBehaviour } from './conformance/place.ts';
export { untilLog, WAIT_MS, waitFor } from './conformance/wait-for.ts';

/** Judges any launcher: the same names, phases and promises wherever the ranks run. */
export function describeLauncher(title: string, openHarness: () => Promise<LauncherHarness>): void {
  describe(title, () => {
    let harness: LauncherHarness;
    let launcher: Launcher;
    beforeEach(async () => {
      harness = await openHarness();
      launcher = harness.createLauncher();
    });
    afterEach(() => harness.close());
    const place = makePlace({ harness: () => harness, launcher: () => launcher });
    testEndings(place);
    testLaunching(place);
    testStopping(place);
    testAdopting(place);
    testWatching(place);
  });
}
