/**
 * One measurement in a process of its own: `measure.ts BACKEND WHAT FOLDER`, where FOLDER holds a model and perhaps rows.json. `stock` is
 * the WebAssembly backend with its own kernels. Prints one line of JSON.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-wasm';
import { registerKernel, setBackend } from '@tensorflow/tfjs-core';
import { createAdapter, generateBatch, initBackend, loadModel, type Model, type TokenizedExample, train } from '../../src/index.ts';
import { registerOps } from '../../src/ops/register.ts';
import { unsortedSegmentSum } from '../../src/wasm/unsorted-segment-sum.ts';
import { JOB_BATCH, NEW_TOKENS, ROWS, SOURCE_TOKENS, TARGET_TOKENS } from './sizes.ts';

const [backend = '', what = '', folder = ''] = process.argv.slice(2);
const STEPS = Number(process.argv[5] ?? 6);

async function start(): Promise<string> {
  if (backend !== 'stock') return (await initBackend({ prefer: backend as 'wasm' | 'tfjs-node', threads: 2 })).name;
  registerKernel(unsortedSegmentSum); // it has none, and picking the labels' rows needs one
  await setBackend('wasm');
  registerOps('wasm');
  return backend;
}

const ids = (length: number, seed: number) => Int32Array.from({ length }, (_, i) => 2 + ((i * 7919 + seed * 104_729) % 8_000));
const rowsOf = (count: number): TokenizedExample[] =>
  Array.from({ length: count }, (_, i) => ({ inputIds: ids(SOURCE_TOKENS, i), labels: ids(TARGET_TOKENS, i + 50) }));

/** Milliseconds of every step. */
async function trainSteps(model: Model, rows: readonly TokenizedExample[], batchSize: number, steps: number): Promise<number[]> {
  const adapter = createAdapter(model, { r: 8, alpha: 16, dropout: 0, targetModules: ['q', 'v'] }, 0);
  const schedule = { totalSteps: steps, warmupSteps: 0, learningRate: 1e-3, decay: 'linear' as const };
  const rhythm = {
    batchSize,
    microBatchSize: batchSize,
    evalEverySteps: null,
    checkpointEverySteps: 0,
    seed: 0,
    maxGradNorm: 1,
    weightDecay: 0,
  };
  const times: number[] = [];
  let before = performance.now();
  for await (const event of train({ model, adapter, train: rows, validation: [], schedule, ...rhythm })) {
    if (event.type !== 'step') continue;
    times.push(performance.now() - before);
    before = performance.now();
  }
  return times;
}

async function measure(model: Model): Promise<number> {
  switch (what) {
    case 'step': {
      const times = await trainSteps(model, rowsOf(ROWS), ROWS, STEPS);
      return Math.min(...times.slice(1));
    }
    case 'job': {
      const rows = (JSON.parse(readFileSync(join(folder, 'rows.json'), 'utf8')) as { inputIds: number[]; labels: number[] }[]).map(
        (row) => ({
          inputIds: Int32Array.from(row.inputIds),
          labels: Int32Array.from(row.labels),
        }),
      );
      const times = await trainSteps(model, rows, JOB_BATCH, Math.ceil(rows.length / JOB_BATCH));
      return rows.length / (times.reduce((sum, time) => sum + time, 0) / 1e3);
    }
    default: {
      const inputs = rowsOf(8).map(({ inputIds }) => inputIds);
      await generateBatch(model, undefined, inputs, { maxTokens: 2 });
      const begin = performance.now();
      const answers = await generateBatch(model, undefined, inputs, { maxTokens: NEW_TOKENS });
      return answers.reduce((sum, { length }) => sum + length, 0) / ((performance.now() - begin) / 1e3);
    }
  }
}

const name = await start();
const model = loadModel({ config: readFileSync(join(folder, 'config.json')), weights: readFileSync(join(folder, 'model.safetensors')) });
const value = await measure(model);
console.log(JSON.stringify({ backend: name, value, peakBytes: process.resourceUsage().maxRSS * 1024 }));
process.exit(0);
