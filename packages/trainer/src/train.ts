import { TrainingDivergedError } from '@capstan/core';
import { type AdamWState, applyAdamW, clipByGlobalNorm, createAdamW } from './adamw.ts';
import { epochBatches, type TokenizedExample, tokensOf } from './batches.ts';
import { type CheckpointRun, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { createDropoutMasks, dropoutSeed } from './dropout.ts';
import { evaluate } from './evaluate.ts';
import { addGradients, createGradientSums, type GradientSums, meanGradients } from './gradients.ts';
import { compileStep, type StepGraph } from './graph/step-graph.ts';
import { learningRateAt, type Schedule } from './learning-rate.ts';
import type { Adapter } from './lora.ts';
import type { Model } from './model.ts';
import type { Network } from './network.ts';
import { nextTurn } from './next-turn.ts';
import { modelParameters, type Parameter, readParameters, writeParameters } from './parameters.ts';
import { addPreferenceGradients } from './preference.ts';

export interface TrainOptions {
  model: Model;
  /** Trains this adapter over a frozen model; without it every weight of the model trains (`method: full`). */
  adapter?: Adapter | undefined;
  train: readonly TokenizedExample[];
  validation: readonly TokenizedExample[];
  schedule: Schedule;
  /** Rows of one optimiser step over all ranks. */
  batchSize: number;
  /** Rows computed at once; a rank's share of the batch is cut into pieces of this size. */
  microBatchSize: number;
  maxGradNorm: number;
  weightDecay: number;
  /** The share of every label that is spread over the vocabulary; 0 by default. */
  labelSmoothing?: number | undefined;
  /** Computes every layer again on the way back instead of keeping what it made: less memory, more time, the same gradients. */
  gradientCheckpointing?: boolean | undefined;
  /** Learns from pairs which answer is better (DPO) instead of writing the given one; only with an adapter. */
  preference?: { beta: number } | undefined;
  /** Overrides the config's dropout_rate; LoRA's own dropout comes with the adapter. */
  dropout?: number | undefined;
  seed: number;
  /** null: never. Otherwise also after the last step. */
  evalEverySteps: number | null;
  /** 0: only on demand. */
  checkpointEverySteps: number;
  /** The bytes of a checkpoint of the same run, to go on after its step. */
  resume?: Uint8Array | undefined;
  /** Asked once after every step; `stop` yields a checkpoint first. */
  command?: (() => TrainCommand) | undefined;
  /** Sums or averages equally long vectors over all ranks. */
  allReduce?: ((gradients: Float32Array) => Promise<Float32Array>) | undefined;
  /** This process's place among the ranks that share every batch. */
  shard?: { rank: number; worldSize: number } | undefined;
}

export type TrainCommand = 'continue' | 'checkpoint' | 'stop';

export interface StepEvent {
  type: 'step';
  step: number;
  totalSteps: number;
  /** Passes over the data so far, as a fraction. */
  epoch: number;
  /** Mean loss per target token over the whole batch, before the update. */
  trainLoss: number;
  learningRate: number;
  /** Before clipping. */
  gradNorm: number;
  /** Source and target tokens of the global batch, without padding. */
  tokens: number;
}

export type TrainEvent =
  | StepEvent
  | { type: 'evaluation'; step: number; evalLoss: number; tokenAccuracy: number }
  | { type: 'checkpoint'; step: number; state: Uint8Array }
  | { type: 'stopped'; step: number }
  | { type: 'finished'; step: number };

/**
 * Fine-tunes and yields what happens, ending with `finished` or `stopped`. The same backend and seed give the same weights bit for
 * bit, also when stopped and resumed in between. A loss that is no longer finite throws TrainingDivergedError.
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainEvent, void, undefined> {
  const run = await prepare(options);
  try {
    yield* takeSteps(run);
  } finally {
    run.graph?.dispose();
  }
}

async function* takeSteps(run: Run): AsyncGenerator<TrainEvent, void, undefined> {
  const { options } = run;
  const { totalSteps } = options.schedule;
  for (let step = run.optimizer.step + 1; step <= totalSteps; step++) {
    yield await takeStep(run, step);
    await nextTurn();
    if (isDue(step, options.evalEverySteps, totalSteps)) yield await evaluateAt(options, step);
    const command = options.command?.() ?? 'continue';
    const wantsCheckpoint = command !== 'continue' || (options.checkpointEverySteps > 0 && step % options.checkpointEverySteps === 0);
    if (wantsCheckpoint) yield { type: 'checkpoint', step, state: writeCheckpoint(run.optimizer, run.identity) };
    if (command === 'stop' && step < totalSteps) {
      yield { type: 'stopped', step };
      return;
    }
  }
  yield { type: 'finished', step: totalSteps };
}

interface Run {
  options: TrainOptions;
  parameters: Parameter[];
  optimizer: AdamWState;
  identity: CheckpointRun;
  epoch: { index: number; batches: number[][] };
  /** For micro-batches of the usual size, where the backend has graphs. */
  graph: StepGraph | undefined;
}

async function prepare(options: TrainOptions): Promise<Run> {
  const { model, adapter, train: examples, batchSize, seed, resume } = options;
  const parameters = adapter === undefined ? modelParameters(model) : adapter.parameters();
  const identity = { seed, batchSize, examples: examples.length, parameters: parameters.map(({ name, shape }) => `${name} [${shape}]`) };
  const optimizer = resume === undefined ? createAdamW(await readParameters(parameters)) : readCheckpoint(resume, identity);
  if (resume !== undefined) writeParameters(parameters, optimizer.values);
  return { options, parameters, optimizer, identity, epoch: { index: -1, batches: [] }, graph: graphOf(options, parameters) };
}

/** Preferences take several passes, and a graph would merge what checkpoints compute twice. */
function graphOf(options: TrainOptions, parameters: readonly Parameter[]): StepGraph | undefined {
  if (options.preference || options.gradientCheckpointing) return undefined;
  const task = { network: trainingNetwork(options, []), labelSmoothing: options.labelSmoothing };
  return compileStep(task, parameters, usualRows(options));
}

function usualRows({ batchSize, microBatchSize, train: examples, shard = ALONE }: TrainOptions): number {
  return Math.min(microBatchSize, Math.ceil(Math.min(batchSize, examples.length) / shard.worldSize));
}

const ALONE = { rank: 0, worldSize: 1 };

async function takeStep(run: Run, step: number): Promise<StepEvent> {
  const { options, parameters, optimizer } = run;
  const { schedule, maxGradNorm, weightDecay, train: examples } = options;
  const { batch, epoch } = batchAt(run, step);
  const local = await accumulateGradients(run, step, batch);
  const { loss, gradients } = meanGradients(options.allReduce === undefined ? local : await options.allReduce(local));
  const gradNorm = clipByGlobalNorm(gradients, maxGradNorm);
  if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) throw new TrainingDivergedError(step);
  const learningRate = learningRateAt(step, schedule);
  applyAdamW(optimizer, parameters, gradients, { learningRate, weightDecay });
  writeParameters(parameters, optimizer.values);
  const tokens = tokensOf(batch.map((index) => examples[index] as TokenizedExample));
  return { type: 'step', step, totalSteps: schedule.totalSteps, epoch, trainLoss: loss, learningRate, gradNorm, tokens };
}

/** The global batch of a step, from the step alone. */
function batchAt(run: Run, step: number): { batch: number[]; epoch: number } {
  const { train: examples, batchSize, seed, model } = run.options;
  const { taskType } = model.architecture;
  const perEpoch = Math.ceil(examples.length / batchSize);
  const index = Math.floor((step - 1) / perEpoch);
  if (run.epoch.index !== index) run.epoch = { index, batches: epochBatches(examples, { batchSize, seed, epoch: index, taskType }) };
  return { batch: run.epoch.batches[(step - 1) % perEpoch] as number[], epoch: step / perEpoch };
}

/** This rank's rows of the batch, forward and back, one micro-batch at a time. */
async function accumulateGradients({ options, parameters, graph }: Run, step: number, batch: number[]): Promise<GradientSums> {
  const { train: examples, microBatchSize, labelSmoothing, preference, shard = ALONE } = options;
  const rows = batch.filter((_, i) => i % shard.worldSize === shard.rank).map((index) => examples[index] as TokenizedExample);
  const sums = createGradientSums(parameters);
  for (let start = 0; start < rows.length; start += microBatchSize) {
    const place = [step, start, shard.rank];
    const piece = rows.slice(start, start + microBatchSize);
    const network = trainingNetwork(options, place);
    if (piece.length === graph?.rows) await graph.addGradients(sums, dropoutSeed(...seedsOf(options, place)), piece);
    else if (preference) await addPreferenceGradients(sums, { network, beta: preference.beta }, parameters, piece);
    else await addGradients(sums, { network, labelSmoothing }, parameters, piece);
  }
  return sums;
}

function trainingNetwork(options: TrainOptions, place: number[]): Network {
  const { model, adapter, dropout } = options;
  const masks = createDropoutMasks(...seedsOf(options, place));
  return {
    model,
    adapter,
    training: { masks, dropoutRate: dropout, checkpoints: options.gradientCheckpointing, trainsModel: adapter === undefined },
  };
}

function seedsOf({ seed }: TrainOptions, place: number[]): number[] {
  return [seed, DROPOUT_STREAM, ...place];
}

/** Separates this use of a seed from the trainer's other ones. */
const DROPOUT_STREAM = 4;

function isDue(step: number, every: number | null, totalSteps: number): boolean {
  return every !== null && (step % every === 0 || step === totalSteps);
}

async function evaluateAt({ model, adapter, validation, preference }: TrainOptions, step: number): Promise<TrainEvent> {
  const { loss, tokenAccuracy } = await evaluate(model, adapter, validation, { preference });
  return { type: 'evaluation', step, evalLoss: loss, tokenAccuracy };
}
