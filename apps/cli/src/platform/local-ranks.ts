import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, isFinished } from '@capstan/core';
import { createProcessLauncher } from '@capstan/launcher';
import { z } from 'zod';
import { identifyProcess, signalProcess } from './process-identity.ts';
import type { Opened } from './teardown.ts';
import { readJsonFile } from './write-json-file.ts';

const POLL_MS = 50;
/** A rank without a scheduler has nobody to give a checkpoint to: there is little to wait for. */
const GRACE_MS = 1_000;
/** Beyond the grace: the supervisors look twice a second and then wait for the last output. */
const FORCE_MARGIN_MS = 3_000;

/** All ranks on this machine, as one thing that can be stopped. */
export function ranksOnThisMachine(runsDir: string, clock: Clock): Opened {
  return { name: 'ranks', stop: () => stopLocalRanks(runsDir, clock), kill: () => killLocalRanks(runsDir) };
}

async function stopLocalRanks(runsDir: string, clock: Clock): Promise<void> {
  const launcher = createProcessLauncher({ runsDir, workerCommand: [], environment: {}, clock });
  const { signal } = new AbortController();
  const giveUpAt = clock.now().getTime() + GRACE_MS + FORCE_MARGIN_MS;
  const listLiving = async () => (await launcher.list({ signal })).filter((rank) => !isFinished(rank));
  let living = await listLiving();
  for (const name of new Set(living.map((rank) => rank.name))) await launcher.stop(name, { graceMs: GRACE_MS });
  while (living.length > 0 && clock.now().getTime() < giveUpAt) {
    await clock.sleep(POLL_MS);
    living = await listLiving();
  }
}

const claimSchema = z.object({ pid: z.number().int().positive(), startedAs: z.string() });

/** Ends every rank at once and without waiting; the next start sees in their directories that they were killed. */
function killLocalRanks(runsDir: string): void {
  for (const directory of rankDirectories(runsDir)) {
    const claim = readJsonFile(join(directory, 'rank.json'), claimSchema);
    if (claim === null || existsSync(join(directory, 'exit.json'))) continue;
    // The launcher writes `<boot id>/<start time>`; a process that was given the same pid since then started at another time.
    const { startTicks } = identifyProcess(claim.pid);
    if (startTicks !== null && claim.startedAs.endsWith(`/${startTicks}`)) signalProcess(claim.pid, 'SIGKILL', { group: true });
  }
}

function rankDirectories(runsDir: string): string[] {
  return listDirectory(runsDir).flatMap((run) => listDirectory(join(runsDir, run)).map((rank) => join(runsDir, run, rank)));
}

function listDirectory(path: string): string[] {
  return existsSync(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
    : [];
}
