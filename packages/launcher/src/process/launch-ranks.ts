import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, UnavailableError } from '@capstan/core';
import type { LaunchSpec } from '../launcher.ts';
import { observeRank } from './observe-rank.ts';
import { rankEnvironment } from './rank-environment.ts';
import {
  claimSchema,
  createRecord,
  launchRecordSchema,
  makePrivateDirectory,
  rankDirectory,
  readRecord,
  replaceRecord,
  runDirectory,
} from './run-directory.ts';

export interface LaunchSettings {
  runsDir: string;
  /** Absolute: every rank has a working directory of its own. */
  workerCommand: string[];
  environment: Record<string, string>;
  cacheDir: string;
  /** Runs rank-supervisor.mjs. */
  supervisorCommand: string[];
  clock: Clock;
}

/**
 * Records what is launched. Repeating it changes nothing, so a launch that was cut off can be finished by anybody: the answer is what to
 * launch then. Its ranks are told the address that the first ones were told, because ranks that sum gradients meet at one scheduler.
 */
export async function recordLaunch(spec: LaunchSpec, runsDir: string): Promise<LaunchSpec> {
  const { name, kind, jobId, attempt, epoch, worldSize, schedulerAddress } = spec;
  const directory = runDirectory(runsDir, name);
  await makePrivateDirectory(directory);
  await replaceRecord(directory, 'token', spec.token);
  await createRecord(directory, 'launch.json', { name, kind, jobId, attempt, epoch, worldSize, schedulerAddress });
  const recorded = await readRecord(directory, 'launch.json', launchRecordSchema);
  return { ...spec, schedulerAddress: recorded?.schedulerAddress ?? schedulerAddress };
}

/** Starts the supervisor of one rank, unless the rank has one. Where two are started at once, the second finds the claim and goes away. */
export async function startRank(spec: LaunchSpec, rank: number, settings: LaunchSettings): Promise<void> {
  const directory = rankDirectory(settings.runsDir, spec.name, rank);
  await makePrivateDirectory(directory);
  if (await readRecord(directory, 'rank.json', claimSchema)) return;
  const [program = '', ...supervisorArguments] = settings.supervisorCommand;
  const places = { directory, tokenFile: path.join(path.dirname(directory), 'token'), cacheDir: settings.cacheDir };
  const stderr = await open(path.join(directory, 'supervisor.log'), 'a', 0o600);
  try {
    const supervisor = spawn(program, [...supervisorArguments, directory, String(spec.memoryMiB ?? 0), ...settings.workerCommand], {
      cwd: directory,
      env: { ...settings.environment, ...rankEnvironment(spec, rank, places) },
      detached: true,
      stdio: ['ignore', 'ignore', stderr.fd],
    });
    await once(supervisor, 'spawn');
    supervisor.unref();
  } finally {
    await stderr.close();
  }
}

const START_TIMEOUT_MS = 20_000;
const POLL_MS = 25;

/** Resolves once the worker of the rank runs, or has run. */
export async function untilRankStarted(spec: LaunchSpec, rank: number, settings: LaunchSettings, signal: AbortSignal): Promise<void> {
  const { runsDir, clock } = settings;
  const place = { directory: rankDirectory(runsDir, spec.name, rank), clock };
  const deadline = clock.now().getTime() + START_TIMEOUT_MS;
  for (;;) {
    const observed = await observeRank(spec, rank, place);
    if (observed?.reason === 'LaunchFailed') throw new UnavailableError(observed.message ?? 'The worker could not be started.');
    if (observed && observed.phase !== 'pending') return;
    if (clock.now().getTime() > deadline)
      throw new UnavailableError(`Rank ${rank} of ${spec.name} did not start in ${START_TIMEOUT_MS / 1000} s.`);
    await clock.sleep(POLL_MS, { signal });
  }
}
