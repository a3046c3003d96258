import { describe, expect, it } from 'vitest';
import { adapterFiles } from './adapter-files.ts';
import { type BackendName, initBackend } from './backend.ts';
import { createAdapter } from './lora.ts';
import { modelFiles } from './model.ts';
import { createRandom } from './random.ts';
import { tinyExamples, tinyModel } from './test-model.ts';
import { type TrainOptions, train } from './train.ts';

/** Installed on some machines only: where it does not load, a test of its own says so. */
const native = await initBackend({ prefer: 'tfjs-node' });
const BACKENDS: BackendName[] = native.name === 'tfjs-node' ? ['tfjs-node', 'wasm'] : ['wasm'];

const STEPS = 18;
/** Three epochs of them, in batches that do not divide the rows. */
const EXAMPLES = tinyExamples(22);
const DROPOUT = 0.1;

type Method = 'lora' | 'full';

/** What becomes of one process: it is stopped politely after a step, dies after a step, or trains to the end. */
interface Life {
  fate: 'stopped' | 'killed' | 'finished';
  atStep: number;
}

interface Left {
  /** Of every step, as the last life that took it saw it. */
  losses: number[];
  weights: Uint8Array;
  lives: number;
}

const KINDS: Record<Method, { microBatchSize: number; checkpointEverySteps: number }> = {
  lora: { microBatchSize: 1, checkpointEverySteps: 5 },
  full: { microBatchSize: 2, checkpointEverySteps: 4 },
};

/** Trains in one life after the other, each going on from the newest checkpoint of those before, in a process of its own. */
async function liveThrough(method: Method, lives: readonly Life[]): Promise<Left> {
  let resume: Uint8Array | undefined;
  const losses: number[] = [];
  for (const [index, { fate, atStep }] of lives.entries()) {
    const model = tinyModel();
    // A later life begins with other weights: all that counts comes with the checkpoint.
    const adapter =
      method === 'lora'
        ? createAdapter(model, { r: 4, alpha: 8, dropout: DROPOUT, targetModules: 'all-linear' }, 3 + index * Number(resume !== undefined))
        : undefined;
    let step = 0;
    const options: TrainOptions = {
      ...{ model, adapter, resume, train: EXAMPLES, validation: [], seed: 5, dropout: DROPOUT, evalEverySteps: null },
      ...{ batchSize: 4, maxGradNorm: 1, weightDecay: 0.01, ...KINDS[method] },
      schedule: { totalSteps: STEPS, warmupSteps: 3, learningRate: 5e-3, decay: 'cosine' },
      command: () => (fate === 'stopped' && step >= atStep ? 'stop' : 'continue'),
    };
    for await (const event of train(options)) {
      step = event.step;
      if (event.type === 'step') losses[step - 1] = event.trainLoss;
      if (event.type === 'checkpoint') resume = event.state;
      if (fate === 'killed' && event.type === 'step' && step >= atStep) break;
    }
    const weights = adapter
      ? (await adapterFiles(adapter, 'base'))['adapter_model.safetensors']
      : (await modelFiles(model))['model.safetensors'];
    adapter?.dispose();
    model.dispose();
    if (step === STEPS && fate !== 'killed') return { losses, weights, lives: index + 1 };
  }
  throw new Error('No life reached the last step.');
}

/** Lives that end at random steps, and then one that is left alone. */
function drawLives(seed: number): Life[] {
  const random = createRandom(seed);
  const count = 2 + random.integer(3);
  const ends = Array.from({ length: count }, () => 1 + random.integer(STEPS - 1)).sort((left, right) => left - right);
  const fates = ['stopped', 'killed'] as const;
  return [...ends.map((atStep): Life => ({ fate: fates[random.integer(2)] ?? 'stopped', atStep })), { fate: 'finished', atStep: STEPS }];
}

describe.each(BACKENDS)('on %s, with accumulation and dropout', (backend) => {
  it.each(['lora', 'full'] as const)(
    'a %s run that was stopped and killed at random steps equals one that was not, bit for bit',
    { timeout: 120_000 },
    async (method) => {
      expect((await initBackend({ prefer: backend, threads: 1 })).name).toBe(backend);
      const whole = await liveThrough(method, [{ fate: 'finished', atStep: STEPS }]);
      for (const seed of [1, 2, 3, 4]) {
        const lives = drawLives(seed);
        const left = await liveThrough(method, lives);
        expect([seed, left.losses]).toEqual([seed, whole.losses]);
        expect([seed, Buffer.compare(left.weights, whole.weights)]).toEqual([seed, 0]);
      }
    },
  );
});

it.runIf(native.name !== 'tfjs-node')('tfjs-node does not load on this machine: its runs are not resumed here', () => {
  expect(native.tried.find(({ name }) => name === 'tfjs-node')?.ok).toBe(false);
});
