/**
 * Measures once for every line on its input: `measure.ts BACKEND WHAT FOLDER`, where FOLDER holds a model and perhaps rows.json. `stock`
 * is the WebAssembly backend with its own kernels. Prints a line of JSON each.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import '@tensorflow/tfjs-backend-wasm';
import { registerKernel, setBackend } from '@tensorflow/tfjs-core';
import { createAdapter, generateBatch, initBackend, loadModel, type Model, type TokenizedExample, train } from '../../src/index.ts';
import { registerOps } from '../../src/ops/register.ts';
import { unsortedSegmentSum } from '../../src/wasm/unsorted-segment-sum.ts';
import { JOB_BATCH, NEW_TOKENS, ROWS, SOURCE_TOKENS, STEPS, TARGET_TOKENS } from './sizes.ts';

const [backend = '', what = '', folder = ''] = process.argv.slice(2);

async function start(): Promise<void> {
  if (backend !== 'stock') {
    await initBackend({ prefer: backend as 'wasm' | 'tfjs-node', threads: 2 });
    return;
  }
  registerKernel(unsortedSegmentSum); // it has none, and the gradient of an embedding needs one
  await setBackend('wasm');
  registerOps('wasm');
}

const ids = (length: number, seed: number) => Int32Array.from({ length }, (_, i) => 2 + ((i * 7919 + seed * 104_729) % 8_000));
const rowsOf = (count: number): TokenizedExample[] =>
  Array.from({ length: count }, (_, i) => ({ inputIds: ids(SOURCE_TOKENS, i), labels: ids(TARGET_TOKENS, i + 50) }));

/** A run of one adapter; milliseconds of every step, the first one with all that comes before it. */
async function trainSteps(model: Model, rows: readonly TokenizedExample[], batchSize: number, steps: number): Promise<number[]> {
  const adapter = createAdapter(model, { r: 8, alpha: 16, dropout: 0, targetModules: ['q', 'v'] }, 0);
  const schedule = { totalSteps: steps, warmupSteps: 0, learningRate: 1e-3, decay: 'linear' as const };
  const rhythm = { batchSize, microBatchSize: batchSize, evalEverySteps: null, checkpointEverySteps: 0 };
  const times: number[] = [];
  let before = performance.now();
  for await (const event of train({
    model,
    adapter,
    train: rows,
    validation: [],
    schedule,
    ...rhythm,
    seed: 0,
    maxGradNorm: 1,
    weightDecay: 0,
  })) {
    if (event.type !== 'step') continue;
    times.push(performance.now() - before);
    before = performance.now();
  }
  adapter.dispose();
  return times;
}

function readJob(): TokenizedExample[] {
  const rows = JSON.parse(readFileSync(join(folder, 'rows.json'), 'utf8')) as { inputIds: number[]; labels: number[] }[];
  return rows.map(({ inputIds, labels }) => ({ inputIds: Int32Array.from(inputIds), labels: Int32Array.from(labels) }));
}

async function measure(model: Model): Promise<number> {
  switch (what) {
    case 'step': {
      const times = (await trainSteps(model, rowsOf(ROWS), ROWS, STEPS + 1)).slice(1).sort((a, b) => a - b);
      return times[times.length >> 1] as number;
    }
    case 'job': {
      const rows = readJob();
      const times = await trainSteps(model, rows, JOB_BATCH, Math.ceil(rows.length / JOB_BATCH));
      return rows.length / (times.reduce((sum, time) => sum + time, 0) / 1e3);
    }
    default: {
      const begin = performance.now();
      const inputs = rowsOf(2 * ROWS).map(({ inputIds }) => inputIds);
      const answers = await generateBatch(model, undefined, inputs, { maxTokens: NEW_TOKENS });
      return answers.reduce((sum, { length }) => sum + length, 0) / ((performance.now() - begin) / 1e3);
    }
  }
}

await start();
const model = loadModel({ config: readFileSync(join(folder, 'config.json')), weights: readFileSync(join(folder, 'model.safetensors')) });
for await (const _line of createInterface({ input: process.stdin })) {
  const value = await measure(model);
  console.log(JSON.stringify({ value, peakBytes: process.resourceUsage().maxRSS * 1024 }));
}
process.exit(0);
