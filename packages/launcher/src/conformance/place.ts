import type { Pool } from '@capstan/core';
import type { Launcher, LaunchSpec, RankObservation } from '../launcher.ts';
import { untilLog, waitFor } from './wait-for.ts';

const { signal } = new AbortController();

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

export type Place = ReturnType<typeof makePlace>;

/** What every test does with the launcher of its own. */
export function makePlace({ harness, launcher }: { harness: () => LauncherHarness; launcher: () => Launcher }) {
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
