import { type Pool, UnavailableError } from '@capstan/core';
import { LAUNCH_LATER, type Launcher, type RankObservation } from './launcher.ts';
import { mergeWatches } from './merge-watches.ts';

export type LauncherKind = Pool['launcher'];

/** One launcher over several: a launch goes to the one that its pool names, and everything later to the one that has seen the name. */
export function routeLaunchers(launchers: Partial<Record<LauncherKind, Launcher>>): Launcher {
  const all = Object.values(launchers);
  const homes = new Map<string, Launcher>();

  /** A name that nobody has shown yet may be anywhere; those who do not know it do nothing. */
  const homesOf = (name: string) => {
    const home = homes.get(name);
    return home === undefined ? all : [home];
  };
  const settle = (launcher: Launcher) => (observation: RankObservation) => {
    homes.set(observation.name, launcher);
    return observation;
  };

  return {
    async launch(spec, options) {
      const launcher = launchers[spec.pool.launcher];
      if (launcher === undefined) {
        const message = `Pool ${spec.pool.id} launches by '${spec.pool.launcher}', which this scheduler is not set up for.`;
        throw new UnavailableError(message, { reason: LAUNCH_LATER });
      }
      homes.set(spec.name, launcher);
      await launcher.launch(spec, options);
    },
    async list(options) {
      const before = [...homes.keys()];
      const lists = await Promise.all(all.map(async (launcher) => (await launcher.list(options)).map(settle(launcher))));
      const shown = new Set(lists.flat().map(({ name }) => name));
      // Removed by another process. What was launched since we began to look is not among them.
      for (const name of before) if (!shown.has(name)) homes.delete(name);
      return lists.flat();
    },
    async stop(name, options) {
      await Promise.all(homesOf(name).map((launcher) => launcher.stop(name, options)));
    },
    async remove(name) {
      await Promise.all(homesOf(name).map((launcher) => launcher.remove(name)));
      homes.delete(name);
    },
    async *watch(options) {
      yield* mergeWatches(
        all.map((launcher) => ({ watch: launcher.watch, note: settle(launcher) })),
        options,
      );
    },
    async readLog(name, rank, options) {
      const logs = await Promise.all(homesOf(name).map((launcher) => launcher.readLog(name, rank, options)));
      return logs.find((log) => log !== '') ?? '';
    },
  };
}
