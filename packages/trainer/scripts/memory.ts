/**
 * Measures the peak resident memory of a few training steps, each setting in a process of its own, for `estimate-memory.ts` of core to be
 * fitted to.
 *
 *   npx tsx packages/trainer/scripts/memory.ts BACKEND CONFIG_JSON [method/rank/micro-batch/source/target[/checkpoints] …]
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BackendName, createAdapter, initBackend, initModel, train } from '../src/index.ts';

const SETTINGS = ['lora/16/8/64/16', 'lora/16/4/192/48', 'lora/16/8/192/48', 'lora/16/16/192/48', 'lora/4/8/192/48', 'full/0/8/192/48'];
const STEPS = 3;
const IS_CHILD = '--measure';

/** Trains on rows that fill their limits, as the longest batch of any run does. */
async function measure(backend: BackendName, configFile: string, setting: string): Promise<object> {
  const [method, ...numbers] = setting.split('/');
  const gradientCheckpointing = setting.endsWith('/checkpoints');
  const [rank = 0, microBatchSize = 1, source = 1, target = 1] = numbers.map(Number);
  const { name } = await initBackend({ prefer: backend });
  const model = initModel(readFileSync(configFile), 1);
  const adapter =
    method === 'lora' ? createAdapter(model, { r: rank, alpha: rank, dropout: 0, targetModules: 'all-linear' }, 1) : undefined;
  const row = (length: number, seed: number) => Int32Array.from({ length }, (_, index) => 2 + ((index * 7 + seed) % 30));
  const examples = Array.from({ length: microBatchSize }, (_, seed) => ({ inputIds: row(source, seed), labels: row(target, seed + 1) }));
  const schedule = { totalSteps: STEPS, warmupSteps: 0, learningRate: 1e-4, decay: 'constant' as const };
  const rhythm = { gradientCheckpointing, batchSize: microBatchSize, microBatchSize, evalEverySteps: null, checkpointEverySteps: 0 };
  const events = train({ model, adapter, train: examples, validation: [], schedule, ...rhythm, maxGradNorm: 1, weightDecay: 0, seed: 1 });
  for await (const _event of events);
  const trainable = adapter === undefined ? model.parameterCount : adapter.parameters().reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    setting,
    backend: name,
    parameters: model.parameterCount,
    trainable,
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1e3),
  };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

const [backend = '', configFile = '', ...settings] = process.argv.slice(2).filter((argument) => argument !== IS_CHILD);
if (process.argv.includes(IS_CHILD)) console.log(JSON.stringify(await measure(backend as BackendName, configFile, settings[0] ?? '')));
else {
  for (const setting of settings.length > 0 ? settings : SETTINGS) {
    const command = ['--import', 'tsx', fileURLToPath(import.meta.url), IS_CHILD, backend, configFile, setting];
    process.stdout.write(execFileSync(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] }));
  }
}
