import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, poolSchema } from '@capstan/core';
import type { LauncherHarness } from '../conformance.ts';
import { createProcessLauncher, type ProcessLauncherOptions } from './create-process-launcher.ts';
import { endProcessGroup } from './end-process-group.ts';

/** A worker of a few lines that does what its job's id says; see WorkerBehaviour. */
const WORKER = `
const behaviour = process.env.CAPSTAN_JOB_ID.split('-')[1];
const live = () => { setInterval(() => undefined, 1000); console.log('ready'); };
const behaviours = {
  succeed: () => console.log('first\\nall done'),
  fail: () => { console.error('about to fail'); process.exitCode = 3; },
  die: () => process.kill(process.pid, 'SIGKILL'),
  hungry: () => { const taken = []; setInterval(() => taken.push(Buffer.alloc(10 * 1024 * 1024, 1)), 50); },
  polite: () => { process.on('SIGTERM', () => process.exit(0)); live(); },
  stubborn: () => { process.on('SIGTERM', () => console.log('not yet')); live(); },
  family: () => {
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'inherit' });
    console.log('child ' + child.pid);
    live();
  },
  verbose: () => { for (let line = 0; line < 40000; line += 1) console.log('line ' + line + ' ' + 'x'.repeat(60)); },
  environment: () => console.log(JSON.stringify({ cwd: process.cwd(), env: process.env })),
};
behaviours[behaviour]();
`;

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
  await writeFile(workerPath, WORKER);
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
