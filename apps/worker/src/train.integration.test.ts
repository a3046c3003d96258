import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FailureReason, ShutdownError } from '@capstan/core';
import { parseSafetensors } from '@capstan/trainer';
import { afterEach, expect, it, vi } from 'vitest';
import { EXIT_STATUS, exitStatusOf } from './failure.ts';
import { startTestScheduler, type TestScheduler } from './test-scheduler.ts';
import { train, type WorkerHost } from './train.ts';

/** A test trains up to three times; machines that run the whole suite are busy. */
vi.setConfig({ testTimeout: 90_000 });

const open: TestScheduler[] = [];
afterEach(async () => {
  for (const scheduler of open.splice(0)) await scheduler.close();
});

async function start(...options: Parameters<typeof startTestScheduler>): Promise<TestScheduler> {
  const scheduler = await startTestScheduler(...options);
  open.push(scheduler);
  return scheduler;
}

const stepsOf = (scheduler: TestScheduler) => scheduler.of('step').map(({ step }) => step);
const adapterOf = ({ of, stored }: TestScheduler) => {
  const weights = of('succeeded')[0]?.model.find(({ path }) => path === 'adapter_model.safetensors');
  return stored.get(weights?.sha256 ?? '')?.toString('hex');
};

/** Trains again in a new attempt, from what the first one left. */
async function resume(first: TestScheduler, checkpoints = first.of('checkpoint').toReversed()): Promise<TestScheduler> {
  const { training } = first.assignment.spec;
  const second = await start(training);
  for (const content of first.stored.values()) second.store('', content);
  second.assignment.checkpoints = checkpoints.map(({ step, state }) => ({ step, state }));
  second.assignment.baseEvaluation = first.of('baseEvaluation')[0] ?? null;
  return second;
}

it('trains six steps and reports each thing once: phases, base, steps, evaluations, the last checkpoint, the adapter', async () => {
  const scheduler = await start();
  expect(await train(scheduler.host())).toBe(EXIT_STATUS.success);
  expect(stepsOf(scheduler)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(scheduler.of('phase').map(({ phase }) => phase)).toEqual(['loading', 'evaluating', 'training', 'evaluating', 'saving']);
  expect(scheduler.of('ready')).toHaveLength(1);
  expect(scheduler.of('evaluation').map(({ step }) => step)).toEqual([0, 3, 6]);
  expect(scheduler.of('checkpoint').map(({ step }) => step)).toEqual([6]);
  expect(scheduler.of('baseEvaluation')[0]?.outputs).toHaveLength(4);
  const step = scheduler.of('step')[5];
  expect(step).toMatchObject({ memoryBytes: 1_000_000, epoch: 0.6 });
  expect(step?.tokensPerSecond).toBeGreaterThan(0);
  const [succeeded] = scheduler.of('succeeded');
  expect(succeeded?.model.map(({ path }) => path)).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
  expect(succeeded?.trainedTokens).toBe(scheduler.of('step').reduce((sum, { tokens }) => sum + tokens, 0));
  expect(succeeded?.result).toMatchObject({ base: { rows: 8 }, adapter: { rows: 8 }, backend: scheduler.of('ready')[0]?.backend });
  expect(succeeded?.result.samples).toHaveLength(3);
  expect(succeeded?.result.samples[0]?.prompt).toContain('CSS::Packer');
  expect(succeeded?.result.adapter?.loss).toBeLessThan(succeeded?.result.base?.loss ?? 0);
  expect(scheduler.reports.at(-1)?.type).toBe('succeeded');
});

it('a stop ends the step, saves a checkpoint, and the next attempt goes on to the very same adapter', async () => {
  // Reports travel in batches, so the stop arrives some steps after the first: the run must be long enough not to end before.
  const long = { totalSteps: 150, evalEverySteps: 150 };
  const whole = await start(long);
  await train(whole.host());
  const first = await start(long);
  first.onReport = (report, session) => {
    if (report.type === 'step' && report.step === 1) session.command({ type: 'stop', reason: 'pause' });
  };
  expect(await train(first.host())).toBe(EXIT_STATUS.success);
  const stoppedAt = first.of('stopped')[0]?.step ?? 0;
  expect(stoppedAt).toBeGreaterThanOrEqual(1);
  expect(stoppedAt).toBeLessThan(150);
  expect(first.of('checkpoint').at(-1)?.step).toBe(stoppedAt);
  const second = await resume(first);
  expect(await train(second.host())).toBe(EXIT_STATUS.success);
  expect(stepsOf(second)[0]).toBe(stoppedAt + 1);
  expect(second.of('baseEvaluation')).toEqual([]);
  expect(second.of('succeeded')[0]?.result.base).toEqual(first.of('baseEvaluation')[0]?.figures);
  expect(adapterOf(second)).toBe(adapterOf(whole));
});

it('a damaged checkpoint is passed over for the next older, and without a good one training starts afresh', async () => {
  const first = await start({ checkpointEverySteps: 2 });
  await train(first.host());
  expect(first.of('checkpoint').map(({ step }) => step)).toEqual([2, 4, 6]);
  const [two, four, six] = first.of('checkpoint');
  if (!two || !four || !six) throw new Error('checkpoints are missing');
  const damaged = Buffer.from(first.stored.get(four.state.sha256) ?? []);
  damaged[damaged.byteLength - 5] = (damaged[damaged.byteLength - 5] ?? 0) ^ 1;
  const bad = { ...four, state: first.store('', damaged) };
  const gone = { ...six, state: { ...six.state, sha256: 'f'.repeat(64) } };
  const second = await resume(first, [gone, bad, two]);
  await train(second.host());
  expect(stepsOf(second)).toEqual([3, 4, 5, 6]);
  expect(adapterOf(second)).toBe(adapterOf(first));
  expect(second.of('log').filter(({ level }) => level === 'warn')).toHaveLength(2);
  const third = await resume(first, [bad]);
  await train(third.host());
  expect(stepsOf(third)).toEqual([1, 2, 3, 4, 5, 6]);
});

it('a checkpoint of which a byte has flipped in the store is passed over for the one before it', async () => {
  const first = await start({ checkpointEverySteps: 2 });
  await train(first.host());
  const [, four, six] = first.of('checkpoint');
  if (!four || !six) throw new Error('checkpoints are missing');
  const second = await resume(first, [six, four]);
  const rotten = Buffer.from(first.stored.get(six.state.sha256) ?? []);
  rotten[100] = (rotten[100] ?? 0) ^ 1;
  second.stored.set(six.state.sha256, rotten);
  expect(await train(second.host())).toBe(EXIT_STATUS.success);
  expect(stepsOf(second)).toEqual([5, 6]);
  expect(second.of('log').filter(({ level }) => level === 'warn')).toMatchObject([{ message: expect.stringContaining('step 6') }]);
  expect(adapterOf(second)).toBe(adapterOf(first));
});

it('a command saves a checkpoint without stopping', async () => {
  const scheduler = await start({ totalSteps: 12, evalEverySteps: 0 });
  scheduler.onReport = (report, session) => {
    if (report.type === 'step' && report.step === 1) session.command({ type: 'checkpoint' });
  };
  await train(scheduler.host());
  expect(scheduler.of('checkpoint').at(-1)?.step).toBe(12);
  expect(stepsOf(scheduler)).toHaveLength(12);
  expect(scheduler.of('checkpoint').length).toBe(2);
});

it('a checkpoint is saved at the first step after the time for one has come', async () => {
  const scheduler = await start({ checkpointEverySeconds: 60, evalEverySteps: 0 });
  const host = scheduler.host();
  let looks = 0;
  const fast = { ...host.clock, now: () => new Date(host.clock.now().getTime() + 60_000 * looks++) };
  await train({ ...host, clock: fast });
  expect(scheduler.of('checkpoint').map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
});

function rankHost(scheduler: TestScheduler, rank: number): WorkerHost {
  const host = scheduler.host({ writerId: `rank-${rank}` });
  return { ...host, config: { ...host.config, CAPSTAN_RANK: rank, CAPSTAN_WORLD_SIZE: 2 } };
}

it('two ranks train together as one would, and stop together when only one is told to', async () => {
  // The stop arrives some steps after the second: the run must be long enough not to end before.
  const long = { totalSteps: 150, evalEverySteps: 0 };
  const alone = await start(long, { lora: { r: 4, alpha: 8, dropout: 0, targetModules: 'all-linear' } });
  await train(alone.host());
  const gang = await start(long, { lora: alone.assignment.spec.lora });
  gang.assignment.worldSize = 2;
  gang.onReport = (report, session) => {
    if (report.type === 'step' && report.step === 2) session.command({ type: 'stop', reason: 'pause' });
  };
  const trainBoth = (scheduler: TestScheduler) => Promise.all([0, 1].map((rank) => train(rankHost(scheduler, rank))));
  expect(await trainBoth(gang)).toEqual([0, 0]);
  const stopped = gang.reports.at(-1);
  expect(stopped?.type).toBe('stopped');
  expect(gang.otherReports.at(-1)).toEqual(stopped);
  const second = await resume(gang);
  second.assignment.worldSize = 2;
  second.assignment.spec.lora = alone.assignment.spec.lora;
  expect(await trainBoth(second)).toEqual([0, 0]);
  expect(second.otherReports.at(-1)).toMatchObject({ type: 'succeeded', model: [] });
  const losses = [...gang.of('step'), ...second.of('step')].map(({ trainLoss }) => trainLoss);
  expect(losses).toHaveLength(150);
  // Rounding differs, and grows with every step.
  for (const [index, { trainLoss }] of alone.of('step').slice(0, 20).entries()) expect(losses[index]).toBeCloseTo(trainLoss, 4);
});

it('full fine-tuning from random weights stores a whole model', async () => {
  const scheduler = await start({ totalSteps: 2, evalEverySteps: 0 }, { method: 'full', init: 'random' });
  scheduler.assignment.validationFile = null;
  expect(await train(scheduler.host())).toBe(EXIT_STATUS.success);
  const [succeeded] = scheduler.of('succeeded');
  expect(succeeded?.model.map(({ path }) => path)).toEqual(['model.safetensors', 'config.json', 'tokenizer.json']);
  const weights = scheduler.stored.get(succeeded?.model[0]?.sha256 ?? '');
  expect(parseSafetensors(weights ?? Buffer.of()).get('shared.weight')?.shape).toEqual([8192, 16]);
  expect(succeeded?.result).toMatchObject({ base: null, adapter: null });
  expect(succeeded?.result.samples.every(({ reference }) => reference !== '')).toBe(true);
});

const BREAKAGES: [FailureReason, (scheduler: TestScheduler) => void][] = [
  ['ModelInvalid', ({ assignment }) => assignment.baseModel.splice(1, 1)],
  ['ModelMissing', ({ assignment, stored }) => stored.delete(assignment.baseModel[1]?.sha256 ?? '')],
  ['ModelMissing', ({ assignment, stored }) => stored.set(assignment.baseModel[1]?.sha256 ?? '', Buffer.from('rotten'))],
  ['DatasetMissing', ({ assignment, stored }) => stored.delete(assignment.trainingFile.sha256)],
  ['DatasetMissing', ({ assignment, stored }) => stored.set(assignment.trainingFile.sha256, Buffer.from('rotten'))],
  [
    'DatasetInvalid',
    ({ assignment, store }) => {
      assignment.trainingFile = store('bad.jsonl', Buffer.from('{"messages": 1}'));
    },
  ],
  [
    'TrainingDiverged',
    ({ assignment }) => {
      assignment.spec.training.learningRate = 1e30;
    },
  ],
];

it.each(BREAKAGES)('what goes wrong is reported as %s, with an exit status to match', async (reason, breakIt) => {
  const scheduler = await start({ warmupSteps: 0 });
  breakIt(scheduler);
  expect(await train(scheduler.host())).toBe(exitStatusOf(reason));
  expect(scheduler.of('failed')).toMatchObject([{ reason }]);
  expect(scheduler.reports.at(-1)?.type).toBe('failed');
});

it('a refused token ends the worker without a report', async () => {
  const scheduler = await start();
  expect(await train(scheduler.host({ token: 'wrong' }))).toBe(EXIT_STATUS.stale);
  expect(scheduler.reports).toEqual([]);
});

it('told to shut down before training it says so and leaves; unfinished downloads are not kept', async () => {
  const scheduler = await start();
  expect(await train(scheduler.host({ shutdown: AbortSignal.abort(new ShutdownError()) }))).toBe(EXIT_STATUS.success);
  expect(scheduler.reports.at(-1)).toEqual({ type: 'stopped', step: 0 });
  const rest = await start();
  await train(rest.host());
  const cached = await readdir(join(rest.directory, 'cache'), { recursive: true });
  expect(cached.filter((name) => name.endsWith('.partial'))).toEqual([]);
  expect(cached.filter((name) => name.length > 64)).toHaveLength(5);
});

it('as a process it stops at SIGTERM: checkpoint, `stopped`, exit status 0', async () => {
  const scheduler = await start({ totalSteps: 100_000, evalEverySteps: 0 });
  await writeFile(join(scheduler.directory, 'token'), 'token\n');
  const environment = Object.entries(scheduler.host().config).map(([name, value]) => [name, String(value)]);
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('./main.ts', import.meta.url))], {
    env: { PATH: process.env.PATH, ...Object.fromEntries(environment) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  scheduler.onReport = (report) => {
    if (report.type === 'step' && report.step === 2) child.kill('SIGTERM');
  };
  const [status] = await once(child, 'exit');
  expect(status).toBe(0);
  const stopped = scheduler.reports.at(-1);
  expect(stopped?.type).toBe('stopped');
  expect(scheduler.of('checkpoint').at(-1)?.step).toBe(stopped?.type === 'stopped' ? stopped.step : 0);
  expect(scheduler.of('step').at(-1)?.memoryBytes).toBeGreaterThan(50_000_000);
  expect(output).toContain('"jobId":"ftjob-test"');
  expect(output).not.toContain('"token"');
});
