import { execFile } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeLaunchSpec, untilLog, type WorkerBehaviour, waitFor } from '../conformance.ts';
import type { Launcher, LaunchSpec, RankObservation } from '../launcher.ts';
import { makeMemoryGroup } from '../testing/memory-group.ts';
import { createProcessLauncher } from './create-process-launcher.ts';
import { recordLaunch } from './launch-ranks.ts';
import { openProcessHarness, type ProcessHarness } from './process-harness.ts';
import { identifyProcess } from './process-identity.ts';

const run = promisify(execFile);
const { signal } = new AbortController();
const group = makeMemoryGroup();
afterAll(() => group?.remove());

describe('a rank as a local process', () => {
  let harness: ProcessHarness;
  let launcher: Launcher;
  beforeEach(async () => {
    harness = await openProcessHarness();
    launcher = harness.createLauncher();
  });
  afterEach(() => harness.close());

  const launch = async (behaviour: string, more: Partial<LaunchSpec> = {}) => {
    const spec = makeLaunchSpec(behaviour as WorkerBehaviour, { pool: harness.pool, ...more });
    await launcher.launch(spec, { signal });
    return { name: spec.name, rank: 0, directory: path.join(harness.runsDir, spec.name, 'rank-0') };
  };
  const readPid = async (directory: string, file: string): Promise<number> =>
    JSON.parse(await readFile(path.join(directory, file), 'utf8')).pid;
  const untilEnded = (name: string) =>
    waitFor(
      async () => (await launcher.list({ signal })).filter((rank) => rank.name === name),
      (ranks) => ranks.length > 0 && ranks.every(({ phase }) => phase === 'succeeded' || phase === 'failed'),
    ).then((ranks) => ranks[0] as RankObservation);
  const untilDead = (pid: number) =>
    waitFor(
      () => identifyProcess(pid),
      (identity) => identity === null,
    );

  test('is told who it is by its environment, and its token by a file that only its user can read', async () => {
    const { name, directory } = await launch('environment', { worldSize: 2, schedulerAddress: 'scheduler:7000' });
    await untilEnded(name);
    const { cwd, env } = JSON.parse(await launcher.readLog(name, 1, { tailBytes: 20_000 }));
    expect(cwd).toBe(path.join(path.dirname(directory), 'rank-1'));
    expect(env).toMatchObject({
      GREETING: 'hello',
      CAPSTAN_SCHEDULER_ADDRESS: 'scheduler:7000',
      CAPSTAN_JOB_ID: 'ftjob-environment-1',
      CAPSTAN_ATTEMPT: '1',
      CAPSTAN_EPOCH: '7',
      CAPSTAN_RANK: '1',
      CAPSTAN_WORLD_SIZE: '2',
      CAPSTAN_KIND: 'train',
    });
    expect(JSON.stringify(env)).not.toContain('train.token');
    expect(await readFile(env.CAPSTAN_TOKEN_FILE, 'utf8')).toBe('train.token');
    expect((await stat(env.CAPSTAN_TOKEN_FILE)).mode & 0o777).toBe(0o600);
  });

  test('of a launch that another scheduler finishes is told the address of the one that began it', async () => {
    const spec = makeLaunchSpec('environment' as WorkerBehaviour, { pool: harness.pool, worldSize: 2, schedulerAddress: 'first:7000' });
    const halfway = await recordLaunch(spec, harness.runsDir);
    expect(halfway.schedulerAddress).toBe('first:7000');
    await launcher.launch({ ...spec, schedulerAddress: 'second:7000' }, { signal });
    await untilEnded(spec.name);
    const addresses = await Promise.all(
      [0, 1].map(async (rank) => JSON.parse(await launcher.readLog(spec.name, rank, { tailBytes: 20_000 })).env.CAPSTAN_SCHEDULER_ADDRESS),
    );
    expect(addresses).toEqual(['first:7000', 'first:7000']);
  });

  test('lives on when the process that launched it has gone', async () => {
    const spec = makeLaunchSpec('polite', { pool: harness.pool });
    const program = `
      import { createProcessLauncher } from ${JSON.stringify(new URL('./create-process-launcher.ts', import.meta.url).href)};
      const clock = { now: () => new Date(), sleep: (ms) => new Promise((wake) => setTimeout(wake, ms)) };
      const launcher = createProcessLauncher({ ...${JSON.stringify(harness.options)}, clock });
      await launcher.launch(${JSON.stringify(spec)}, { signal: new AbortController().signal });
      process.kill(process.pid, 'SIGKILL');`;
    await expect(run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program])).rejects.toMatchObject({
      signal: 'SIGKILL',
    });
    await untilLog(launcher, { name: spec.name, rank: 0 }, /ready/);
    expect(await launcher.list({ signal })).toMatchObject([{ name: spec.name, phase: 'running' }]);
    await launcher.stop(spec.name, { graceMs: 5_000 });
    expect(await untilEnded(spec.name)).toMatchObject({ phase: 'succeeded' });
  });

  test('does not outlive its supervisor unnoticed: the next look ends it, and says so', async () => {
    const { name, rank, directory } = await launch('family');
    const log = await untilLog(launcher, { name, rank }, /child \d+\nready/);
    const child = Number(/child (\d+)/.exec(log)?.[1]);
    const worker = await readPid(directory, 'worker.json');
    process.kill(await readPid(directory, 'rank.json'), 'SIGKILL');
    expect(await untilEnded(name)).toMatchObject({ phase: 'failed', reason: 'WorkerKilled', exitCode: null });
    await untilDead(worker);
    await untilDead(child);
  });

  test.skipIf(group === null)(
    `that the kernel kills for want of memory is OOMKilled${group ? '' : ' (not tested: no memory group)'}`,
    async () => {
      const { name, directory } = await launch('hungry');
      for (const file of ['rank.json', 'worker.json']) await writeFile(group?.processes ?? '', String(await readPid(directory, file)));
      expect(await untilEnded(name)).toMatchObject({
        phase: 'failed',
        reason: 'OOMKilled',
        exitCode: 137,
        message: expect.stringContaining('kernel'),
      });
    },
  );

  test('takes its own children with it when it is forced to end', async () => {
    const { name, rank } = await launch('family');
    const log = await untilLog(launcher, { name, rank }, /child \d+\nready/);
    await launcher.stop(name, { graceMs: 0 });
    expect(await untilEnded(name)).toMatchObject({
      phase: 'failed',
      reason: 'WorkerKilled',
      message: 'The worker was stopped on request.',
    });
    await untilDead(Number(/child (\d+)/.exec(log)?.[1]));
  });

  test('is not mistaken for another process that carries its number later', async () => {
    const { name, directory } = await launch('succeed');
    await untilEnded(name);
    const claim = JSON.parse(await readFile(path.join(directory, 'rank.json'), 'utf8'));
    const reused = path.join(harness.runsDir, 'ftjob-reused-1-a1');
    await mkdir(path.join(reused, 'rank-0'), { recursive: true });
    const record = { name: 'ftjob-reused-1-a1', kind: 'train', jobId: 'ftjob-reused-1', attempt: 1, epoch: 1, worldSize: 1 };
    await writeFile(path.join(reused, 'launch.json'), JSON.stringify(record));
    await writeFile(path.join(reused, 'rank-0', 'rank.json'), JSON.stringify({ ...claim, pid: process.pid }));
    await launcher.stop(record.name, { graceMs: 0 });
    expect(await untilEnded(record.name)).toMatchObject({ phase: 'failed', reason: 'WorkerKilled' });
    expect(await identifyProcess(process.pid)).not.toBeNull();
  });

  test('is refused with its whole gang where the worker cannot be started, and nothing is left running', async () => {
    const broken = createProcessLauncher({ ...harness.options, workerCommand: ['/nowhere/worker'] });
    const spec = makeLaunchSpec('polite', { pool: harness.pool, worldSize: 2 });
    await expect(broken.launch(spec, { signal })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('ENOENT'),
    });
    const ranks = await waitFor(
      () => launcher.list({ signal }),
      (seen) => seen.length === 2 && seen.every(({ phase }) => phase === 'failed'),
    );
    expect(ranks.some(({ reason }) => reason === 'LaunchFailed')).toBe(true);
  });

  test('takes its gang with it where one supervisor cannot be started', async () => {
    const spec = makeLaunchSpec('stubborn', { pool: harness.pool, worldSize: 2 });
    await mkdir(path.join(harness.runsDir, spec.name), { recursive: true });
    await writeFile(path.join(harness.runsDir, spec.name, 'rank-1'), 'a file where a directory is needed');
    await expect(launcher.launch(spec, { signal })).rejects.toThrow();
    await waitFor(
      () => launcher.list({ signal }),
      (seen) => seen.length === 1 && seen[0]?.phase === 'failed',
    );
  });

  test('that was asked to stop before it was started never starts', async () => {
    const spec = makeLaunchSpec('polite', { pool: harness.pool });
    const directory = path.join(harness.runsDir, spec.name);
    await mkdir(directory, { recursive: true });
    const { name, kind, jobId, attempt, epoch, worldSize } = spec;
    await writeFile(path.join(directory, 'launch.json'), JSON.stringify({ name, kind, jobId, attempt, epoch, worldSize }));
    await launcher.stop(name, { graceMs: 0 });
    await launcher.launch(spec, { signal });
    expect(await launcher.list({ signal })).toMatchObject([{ name, phase: 'failed', reason: 'WorkerKilled', node: null }]);
  });

  test('may say more than is kept: the end of its output is there, within bounds', async () => {
    const { name, directory } = await launch('verbose');
    await untilEnded(name);
    const tail = await launcher.readLog(name, 0, { tailBytes: 500_000 });
    expect(tail.length).toBe(500_000);
    expect(tail.trimEnd().endsWith(`line 39999 ${'x'.repeat(60)}`)).toBe(true);
    const kept = await Promise.all(['output.log', 'output.log.1'].map((file) => stat(path.join(directory, file))));
    expect(kept.reduce((bytes, { size }) => bytes + size, 0)).toBeLessThan(2.2 * 1024 * 1024);
  });

  test('that still runs cannot be removed', async () => {
    const { name } = await launch('polite');
    await expect(launcher.remove(name)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('has a name that cannot lead out of the directory of runs', async () => {
    for (const name of ['../outside', 'a/b', '.hidden', 'Upper', '']) {
      await expect(launcher.stop(name, { graceMs: 0 })).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });
});
