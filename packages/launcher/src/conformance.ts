import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '@capstan/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Launcher, LaunchSpec, RankObservation } from './launcher.ts';

/**
 * What a worker does, chosen by the second word of its job's id (`ftjob-<behaviour>-…`):
 * succeed (prints "all done", exits 0) · fail (prints "about to fail" on stderr, exits 3) · die (kills itself) ·
 * hungry (takes memory without end) · polite (runs until SIGTERM, exits 0) · stubborn (runs on after SIGTERM, prints "not yet").
 */
export type WorkerBehaviour = 'succeed' | 'fail' | 'die' | 'hungry' | 'polite' | 'stubborn';

/** One place for ranks to run, made for one test. */
export interface LauncherHarness {
  /** A launcher over the same place, as another scheduler process would have. */
  createLauncher(): Launcher;
  /** How long a rank may take to start or to end here. */
  waitMs: number;
  pool: Pool;
  /** Ends everything, without the launcher's help. */
  close(): Promise<void>;
}

export const WAIT_MS = 15_000;
const POLL_MS = 50;
const { signal } = new AbortController();

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

type Place = ReturnType<typeof makePlace>;

/** What every test does with the launcher of its own. */
function makePlace({ harness, launcher }: { harness: () => LauncherHarness; launcher: () => Launcher }) {
  const ranksOf = async (name: string, by: Launcher = launcher()) => (await by.list({ signal })).filter((rank) => rank.name === name);
  const until = (name: string, phase: RankObservation['phase'], by?: Launcher) =>
    waitFor(
      () => ranksOf(name, by),
      (ranks) => ranks.length > 0 && ranks.every((rank) => rank.phase === phase),
      harness().waitMs,
    );
  const launch = async (launched: LaunchSpec) => {
    await launcher().launch(launched, { signal });
    return launched.name;
  };
  return {
    launcher,
    waitMs: () => harness().waitMs,
    anotherLauncher: () => harness().createLauncher(),
    spec: (behaviour: WorkerBehaviour, more: Partial<LaunchSpec> = {}) => makeLaunchSpec(behaviour, { pool: harness().pool, ...more }),
    ranksOf,
    until,
    launch,
    /** Launches ranks that live, and waits until they listen to signals. */
    async launchLiving(launched: LaunchSpec) {
      const name = await launch(launched);
      await until(name, 'running');
      for (let rank = 0; rank < launched.worldSize; rank += 1) await untilLog(launcher(), { name, rank }, /ready/, harness().waitMs);
      return name;
    },
  };
}

function testEndings(place: Place): void {
  test('a rank that exits with 0 has succeeded, and its output can be read', async () => {
    const name = await place.launch(place.spec('succeed'));
    const [rank] = await place.until(name, 'succeeded');
    expect(rank).toMatchObject({ jobId: 'ftjob-succeed-1', kind: 'train', attempt: 1, epoch: 7, rank: 0, exitCode: 0, reason: null });
    expect(rank?.startedAt?.getTime()).toBeLessThanOrEqual(rank?.finishedAt?.getTime() ?? 0);
    expect(await place.launcher().readLog(name, 0, { tailBytes: 9 })).toBe('all done\n');
  });

  test('a rank that exits with another status has failed, with that status and its last words', async () => {
    const [rank] = await place.until(await place.launch(place.spec('fail')), 'failed');
    expect(rank).toMatchObject({ exitCode: 3, reason: null });
    expect(rank?.logTail.at(-1)).toBe('about to fail');
  });

  test('a rank that is killed by a signal has failed as WorkerKilled', async () => {
    const [rank] = await place.until(await place.launch(place.spec('die')), 'failed');
    expect(rank).toMatchObject({ exitCode: 137, reason: 'WorkerKilled' });
  });

  test('a rank that exceeds its memory limit has failed as OOMKilled with 137', async () => {
    const [rank] = await place.until(await place.launch(place.spec('hungry', { memoryMiB: 150 })), 'failed');
    expect(rank).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  });
}

function testLaunching(place: Place): void {
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

function testStopping(place: Place): void {
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

function testAdopting(place: Place): void {
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

function testWatching(place: Place): void {
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

export function makeLaunchSpec(behaviour: WorkerBehaviour, more: Partial<LaunchSpec> & Pick<LaunchSpec, 'pool'>): LaunchSpec {
  return {
    name: `ftjob-${behaviour}-1-a1`,
    kind: 'train',
    jobId: `ftjob-${behaviour}-1`,
    attempt: 1,
    epoch: 7,
    worldSize: 1,
    memoryMiB: null,
    gpusPerWorker: 0,
    token: 'train.token',
    schedulerAddress: '127.0.0.1:1',
    ...more,
  };
}

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
