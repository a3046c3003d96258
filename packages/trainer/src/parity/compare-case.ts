import { tidy } from '@tensorflow/tfjs-core';
import { loadAdapter } from '../adapter-files.ts';
import { createDropoutMasks } from '../dropout.ts';
import { labelLogits } from '../forward.ts';
import { generateBatch } from '../generate.ts';
import { addGradients, createGradientSums, meanGradients } from '../gradients.ts';
import { takeValues } from '../host-tensor.ts';
import type { Adapter } from '../lora.ts';
import { loadModel, type Model } from '../model.ts';
import { train } from '../train.ts';
import type { GoldenCase } from './read-case.ts';

/** How far this trainer is from the reference; 0 is equal. */
export interface Comparison {
  /** Largest difference of a logit, base and adapter. */
  logit: number;
  /** Largest distance of a gradient, relative to that gradient's norm. */
  gradient: number;
  /** Largest difference along the loss curve. */
  loss: number;
  /** Rows, of base and adapter, whose generated ids differ. */
  generated: number;
}

export function compareCase(golden: GoldenCase): Promise<Comparison> {
  return open(golden, async (model, adapter) => ({
    ...(await pass(model, adapter, golden)),
    generated:
      (await countDifferent(model, undefined, golden, golden.generated)) +
      (await countDifferent(model, adapter, golden, golden.adapterGenerated)),
    loss: distance(await lossCurve(model, adapter, golden), golden.lossCurve),
  }));
}

/** The same of one pass forward and back alone, for devices on which a loss curve takes minutes. */
export function comparePass(golden: GoldenCase): Promise<Pick<Comparison, 'logit' | 'gradient'>> {
  return open(golden, (model, adapter) => pass(model, adapter, golden));
}

async function open<Result>(golden: GoldenCase, work: (model: Model, adapter: Adapter) => Promise<Result>): Promise<Result> {
  const model = loadModel(golden.model);
  const adapter = loadAdapter(model, golden.adapter);
  try {
    return await work(model, adapter);
  } finally {
    adapter.dispose();
    model.dispose();
  }
}

async function pass(model: Model, adapter: Adapter, golden: GoldenCase) {
  const logits = (over: Adapter | undefined) => takeValues(tidy(() => labelLogits({ model, adapter: over }, golden.examples)));
  return {
    logit: Math.max(distance(await logits(undefined), golden.logits), distance(await logits(adapter), golden.adapterLogits)),
    gradient: await compareGradients(model, adapter, golden),
  };
}

async function countDifferent(model: Model, adapter: Adapter | undefined, golden: GoldenCase, expected: number[][]): Promise<number> {
  const inputs = golden.examples.map(({ inputIds }) => inputIds);
  const answers = await generateBatch(model, adapter, inputs, { maxTokens: golden.newTokens });
  return answers.filter((ids, row) => ids.join() !== expected[row]?.join()).length;
}

async function compareGradients(model: Model, adapter: Adapter, golden: GoldenCase): Promise<number> {
  const parameters = adapter.parameters();
  const sums = createGradientSums(parameters);
  const training = { masks: createDropoutMasks(0), trainsModel: false };
  await addGradients(
    sums,
    { network: { model, adapter, training }, labelSmoothing: golden.training.label_smoothing },
    parameters,
    golden.examples,
  );
  const { loss, gradients } = meanGradients(sums);
  let worst = Math.abs(loss - golden.loss) / golden.loss;
  let offset = 0;
  for (const { name, shape } of parameters) {
    const size = shape.reduce((product, n) => product * n, 1);
    const actual = gradients.subarray(offset, offset + size);
    offset += size;
    const reference = golden.gradients.get(`base_model.model.${name.includes('.lora_') ? `${name}.weight` : name}`);
    if (reference === undefined) return Number.POSITIVE_INFINITY;
    const isTransposed = name.endsWith('.lora_B') || adapter.transposes(name);
    const expected = isTransposed ? transpose(reference.values, reference.shape as [number, number]) : reference.values;
    worst = Math.max(worst, norm(actual.map((value, i) => value - (expected[i] as number))) / norm(expected));
  }
  return golden.gradients.size === parameters.length ? worst : Number.POSITIVE_INFINITY;
}

/** All examples are one batch, so that their order makes no difference. */
async function lossCurve(model: Model, adapter: Adapter, { examples, training, steps }: GoldenCase): Promise<Float32Array> {
  const { warmup_steps: warmupSteps = 0, decay = 'linear' } = training;
  const schedule = { totalSteps: steps, warmupSteps, learningRate: 5e-3, decay };
  const rhythm = { batchSize: examples.length, microBatchSize: examples.length, evalEverySteps: null, checkpointEverySteps: 0, seed: 0 };
  const limits = { maxGradNorm: 1, weightDecay: 0.01, labelSmoothing: training.label_smoothing };
  const losses: number[] = [];
  for await (const event of train({ model, adapter, train: examples, validation: [], schedule, ...rhythm, ...limits })) {
    if (event.type === 'step') losses.push(event.trainLoss);
  }
  return Float32Array.from(losses);
}

function distance(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  return actual.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (expected[i] as number))), 0);
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

function transpose(values: Float32Array, [rows, columns]: [number, number]): Float32Array {
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number);
}
