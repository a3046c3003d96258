import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, poolSchema } from '@capstan/core';
import { type LauncherHarness, WAIT_MS } from '../conformance.ts';
import { SCRIPTED_WORKER } from '../scripted-worker.ts';
import { createProcessLauncher, type ProcessLauncherOptions } from './create-process-launcher.ts';
import { endProcessGroup } from './end-process-group.ts';

const testClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, options) => {
    await sleep(ms, undefined, { signal: options?.signal });
  },
};

export interface ProcessHarness extends LauncherHarness {
  runsDir: string;
  options: ProcessLauncherOptions;
}

export async function openProcessHarness(more: Partial<ProcessLauncherOptions> = {}): Promise<ProcessHarness> {
  const home = await mkdtemp(path.join(tmpdir(), 'capstan-launcher-'));
  const runsDir = path.join(home, 'runs');
  const workerPath = path.join(home, 'worker.cjs');
  await writeFile(workerPath, SCRIPTED_WORKER);
  const options = {
    runsDir,
    workerCommand: [process.execPath, workerPath],
    environment: { GREETING: 'hello' },
    clock: testClock,
    ...more,
  };
  return {
    runsDir,
    options,
    waitMs: WAIT_MS,
    createLauncher: () => createProcessLauncher(options),
    pool: { ...poolSchema.parse({ id: 'local', launcher: 'process', maxWorkers: 8 }), version: 1 },
    async close() {
      await endAllRanks(runsDir);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function endAllRanks(runsDir: string): Promise<void> {
  const files = await readdir(runsDir, { recursive: true }).catch(() => []);
  for (const file of files.filter((name) => name.endsWith('rank.json'))) {
    const claim: { pid: number | null } = JSON.parse(await readFile(path.join(runsDir, file), 'utf8').catch(() => '{"pid":null}'));
    if (claim.pid !== null) await endProcessGroup(claim.pid, path.dirname(path.join(runsDir, file)));
  }
}
