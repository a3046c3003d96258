import path from 'node:path';
import { AppError, type Clock, ConflictError, isFinished, UnavailableError } from '@capstan/core';
import type { Launcher, LaunchSpec } from '../launcher.ts';
import { SUPERVISOR_PATH } from '../supervisor-path.ts';
import { watchByListing } from '../watch-by-listing.ts';
import { type LaunchSettings, recordLaunch, startRank, untilRankStarted } from './launch-ranks.ts';
import { createRunObserver } from './observe-runs.ts';
import { readLogTail } from './read-log.ts';
import { launchRecordSchema, rankDirectory, readRecord, removeRun, runDirectory } from './run-directory.ts';
import { requestStop } from './stop-ranks.ts';

export interface ProcessLauncherOptions {
  /** Absolute; holds a directory per launch. */
  runsDir: string;
  /** What runs one rank, in absolute paths: each rank has a working directory of its own. */
  workerCommand: string[];
  /** All of the workers' environment beside Capstan's own variables. */
  environment: Record<string, string>;
  clock: Clock;
  /** Where workers keep artifacts between runs; shared by all of them. */
  cacheDir?: string;
  /** Where rank-supervisor.mjs lies, for those who move it. */
  supervisorPath?: string;
}

const WATCH_INTERVAL_MS = 500;

/** Ranks as local processes: one detached supervisor each, which outlives us, and a directory each, which is all we know of them. */
export function createProcessLauncher(options: ProcessLauncherOptions): Launcher {
  const { runsDir, clock } = options;
  const settings: LaunchSettings = {
    ...options,
    cacheDir: options.cacheDir ?? path.join(path.dirname(runsDir), 'cache'),
    supervisorCommand: [process.execPath, options.supervisorPath ?? SUPERVISOR_PATH],
  };
  const runs = createRunObserver(runsDir, clock);
  const list: Launcher['list'] = async ({ signal }) => {
    signal.throwIfAborted();
    return runs.all();
  };

  return {
    launch: (spec, { signal }) => launch(spec, settings, signal),
    list,
    stop: (name, { graceMs }) => stop(name, graceMs, settings),
    async remove(name) {
      const ranks = await runs.one(name);
      if (ranks.some((rank) => !isFinished(rank))) throw new ConflictError(`${name} still runs.`);
      await removeRun(runsDir, name);
    },
    watch: ({ signal }) => watchByListing(list, { clock, intervalMs: WATCH_INTERVAL_MS, signal }),
    readLog: (name, rank, { tailBytes }) => readLogTail(rankDirectory(runsDir, name, rank), tailBytes),
  };
}

/** A rank that cannot be started takes the others of its gang with it. A launch that is merely interrupted stands, to be repeated. */
async function launch(wanted: LaunchSpec, settings: LaunchSettings, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const spec = await recordLaunch(wanted, settings.runsDir);
  const ranks = Array.from({ length: spec.worldSize }, (_, rank) => rank);
  const outcomes = await Promise.allSettled(
    ranks.map(async (rank) => {
      await startRank(spec, rank, settings);
      await untilRankStarted(spec, rank, settings, signal);
    }),
  );
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure === undefined) return;
  const cause: unknown = failure.reason;
  if (signal.aborted) throw cause;
  // The first cause counts; what this cannot stop either is listed, and stopped by whoever looks next.
  await stop(spec.name, 0, settings).catch(() => undefined);
  if (cause instanceof AppError) throw cause;
  throw new UnavailableError(`The ranks of ${spec.name} could not be started.`, { cause });
}

async function stop(name: string, graceMs: number, { runsDir, clock }: LaunchSettings): Promise<void> {
  const launched = await readRecord(runDirectory(runsDir, name), 'launch.json', launchRecordSchema);
  if (!launched) return;
  const ranks = Array.from({ length: launched.worldSize }, (_, rank) => rankDirectory(runsDir, name, rank));
  await Promise.all(ranks.map((directory) => requestStop(directory, { graceMs, now: clock.now() })));
}
