import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, isFinished } from '@capstan/core';
import { createProcessLauncher } from '@capstan/launcher';
import { z } from 'zod';
import { identifyProcess, signalProcess } from './process-identity.ts';
import type { Opened } from './teardown.ts';
import { readJsonFile } from './write-json-file.ts';

/** All ranks on this machine, as one thing that can be stopped. */
export function ranksOnThisMachine(runsDir: string, options: { clock: Clock; graceMs: number }): Opened {
  return { name: 'ranks', stop: () => stopLocalRanks(runsDir, options), kill: () => killLocalRanks(runsDir) };
}

const POLL_MS = 50;
/** Beyond the grace: the supervisors poll twice a second and then wait for the last output. */
const FORCE_MARGIN_MS = 3_000;

/**
 * Asks every rank on this machine to end: it finishes its step, saves a checkpoint, reports and exits, so its job goes on from there at the
 * next start. Those that still run after `graceMs` are ended by force. Resolves when none is left.
 */
async function stopLocalRanks(runsDir: string, { clock, graceMs }: { clock: Clock; graceMs: number }): Promise<void> {
  const launcher = createProcessLauncher({ runsDir, workerCommand: [], environment: {}, clock });
  const { signal } = new AbortController();
  const giveUpAt = clock.now().getTime() + graceMs + FORCE_MARGIN_MS;
  const asked = new Set<string>();
  for (;;) {
    const living = (await launcher.list({ signal })).filter((rank) => !isFinished(rank));
    if (living.length === 0 || clock.now().getTime() > giveUpAt) return;
    for (const { name } of living) {
      if (asked.has(name)) continue;
      asked.add(name);
      await launcher.stop(name, { graceMs });
    }
    await clock.sleep(POLL_MS);
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
