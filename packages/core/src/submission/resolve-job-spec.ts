import type { CapstanJobOptions } from '../api/capstan-job-options.ts';
import type { CreateJobRequest, Hyperparameters } from '../api/create-job.ts';
import { decodingFromRest } from '../api/decoding.ts';
import type { DatasetReport } from '../datasets/dataset-report.ts';
import { InvalidRequestError } from '../errors.ts';
import type { JobSpec } from '../job.ts';
import { loraConfigSchema } from '../lora-config.ts';

export interface JobSpecFacts {
  training: DatasetReport;
  validation: DatasetReport | null;
  /** Used where the request names no seed. */
  drawnSeed: number;
  /** GPUs that a worker gets where the request does not say. */
  gpusPerWorker: number;
}

const DEFAULT_BATCH_SIZE = 8;
const DEFAULT_EPOCHS = 3;
/** Rows in one forward pass that small machines still hold. */
const DEFAULT_MICRO_BATCH_SIZE = 8;
/** Peak rates that a multiplier of 1 means: adapters bear ten times what pre-trained weights do. */
export const BASE_LEARNING_RATE = { lora: 1e-3, full: 1e-4, random: 1e-3, preference: 1e-4 } as const;
const WARMUP_SHARE = 0.05;
/** Where rows are cut, unless the request says otherwise. */
export const DEFAULT_SOURCE_TOKENS = 192;
export const DEFAULT_TARGET_TOKENS = 48;
const DEFAULT_EVAL_ROWS = 200;
const DEFAULT_ROUGE_ROWS = 50;
const DEFAULT_CHECKPOINT_SECONDS = 600;

/**
 * The request with every `auto` and every absent member replaced by a value, once and for all. Throws an InvalidRequestError that names the
 * member where two of them contradict each other.
 */
export function resolveJobSpec(request: CreateJobRequest, facts: JobSpecFacts): JobSpec {
  const options = request.capstan ?? {};
  const method = options.method ?? (options.init === 'random' ? 'full' : 'lora');
  const init = options.init ?? 'pretrained';
  if (init === 'random' && method === 'lora')
    refuse('capstan.init', 'An adapter needs a pre-trained base: use method "full" with init "random".');
  if (method === 'full' && options.lora) refuse('capstan.lora', 'Method "full" trains every weight: leave capstan.lora out.');
  const preference = resolvePreference(request, facts, method);
  const resources = resolveResources(options, facts);
  return {
    model: request.model,
    trainingFile: request.training_file,
    validationFile: request.validation_file ?? null,
    suffix: request.suffix ?? null,
    seed: request.seed ?? facts.drawnSeed,
    method,
    init,
    lora: resolveLora(options),
    ...(preference && { preference }),
    training: resolveTraining(request, facts, { method, init, preference, workers: resources.workers }),
    ...(options.generation && { generation: decodingFromRest(options.generation) }),
    resources,
    ...(options.deadline_seconds === undefined ? {} : { deadlineSeconds: options.deadline_seconds }),
  };
}

/** TRL's, and where OpenAI's own recipes begin. */
const DEFAULT_BETA = 0.1;

/** A file of pairs goes with `dpo`, and every other file with `supervised`. */
function resolvePreference(request: CreateJobRequest, facts: JobSpecFacts, method: JobSpec['method']): JobSpec['preference'] {
  const wanted = request.method?.type === 'dpo';
  for (const [param, report] of [
    ['training_file', facts.training],
    ['validation_file', facts.validation],
  ] as const) {
    if (report === null || (report.format === 'preference') === wanted) continue;
    const [type, rows] = wanted ? ['dpo', '{"input", "preferred_output", "non_preferred_output"}'] : ['supervised', '{"messages"}'];
    refuse(param, `method.type "${type}" learns from rows of ${rows}; this file has rows of the format ${report.format}.`);
  }
  if (!wanted) return undefined;
  if (method === 'full')
    refuse('method.type', 'DPO trains an adapter, for its base is what it is compared with: leave capstan.method out.');
  if (request.capstan?.training?.label_smoothing) refuse('capstan.training.label_smoothing', 'DPO has no labels to smooth: leave it out.');
  return { beta: chosen(request.method?.dpo?.hyperparameters?.beta) ?? DEFAULT_BETA };
}

const DEFAULT_LORA: JobSpec['lora'] = loraConfigSchema.parse({});

function resolveLora({ lora }: CapstanJobOptions): JobSpec['lora'] {
  if (lora === undefined) return DEFAULT_LORA;
  const { r, alpha, dropout } = lora;
  const { target_modules: targetModules, use_rslora: rankStabilised, use_dora: weightDecomposed, modules_to_save: modulesToSave } = lora;
  return loraConfigSchema.parse({
    r,
    alpha,
    dropout,
    targetModules,
    rankStabilised,
    weightDecomposed,
    modulesToSave,
    layersToTransform: lora.layers_to_transform,
  });
}

function resolveResources({ resources = {} }: CapstanJobOptions, facts: JobSpecFacts): JobSpec['resources'] {
  return {
    workers: resources.workers ?? 1,
    gpusPerWorker: resources.gpus_per_worker ?? facts.gpusPerWorker,
    memoryMiB: resources.memory_mib ?? null,
  };
}

type Choice = Pick<JobSpec, 'method' | 'init' | 'preference'> & { workers: number };

function resolveTraining(request: CreateJobRequest, facts: JobSpecFacts, choice: Choice): JobSpec['training'] {
  const options = request.capstan?.training ?? {};
  const { hyperparameters, path } = givenHyperparameters(request);
  const batchSize = chosen(hyperparameters.batch_size) ?? DEFAULT_BATCH_SIZE;
  const { totalSteps, epochs } = resolveLength(hyperparameters, options.max_steps, { rows: facts.training.rows, batchSize });
  const validationRows = facts.validation?.rows ?? 0;
  return {
    totalSteps,
    epochs,
    batchSize,
    microBatchSize: resolveMicroBatch(options.micro_batch_size, { batchSize, workers: choice.workers, batchPath: `${path}.batch_size` }),
    learningRate: resolveLearningRate(hyperparameters, options.learning_rate, choice),
    warmupSteps: resolveWarmup(options.warmup_steps, totalSteps),
    decay: options.decay ?? 'linear',
    weightDecay: options.weight_decay ?? 0,
    maxGradNorm: options.max_grad_norm ?? 1,
    ...(options.label_smoothing === undefined ? {} : { labelSmoothing: options.label_smoothing }),
    ...(options.gradient_checkpointing === undefined ? {} : { gradientCheckpointing: options.gradient_checkpointing }),
    dropout: options.dropout ?? null,
    maxSourceTokens: options.max_source_tokens ?? fitTokens(facts.training.tokens?.source.max, { most: DEFAULT_SOURCE_TOKENS, least: 8 }),
    maxTargetTokens: options.max_target_tokens ?? fitTokens(facts.training.tokens?.target.max, { most: DEFAULT_TARGET_TOKENS, least: 8 }),
    evalEverySteps: options.eval_every_steps ?? Math.max(10, Math.ceil(totalSteps / 10)),
    evalRows: Math.min(validationRows, options.eval_rows ?? DEFAULT_EVAL_ROWS),
    rougeRows: Math.min(validationRows, options.rouge_rows ?? DEFAULT_ROUGE_ROWS),
    checkpointEverySteps: options.checkpoint_every_steps ?? Math.min(100, Math.max(10, Math.ceil(totalSteps / 20))),
    checkpointEverySeconds: options.checkpoint_every_seconds ?? DEFAULT_CHECKPOINT_SECONDS,
  };
}

/** The new place wins over the deprecated one, member by member, as OpenAI does. */
function givenHyperparameters(request: CreateJobRequest): { hyperparameters: Hyperparameters; path: string } {
  const { type = 'supervised' } = request.method ?? {};
  const given = request.method?.[type]?.hyperparameters;
  return { hyperparameters: { ...request.hyperparameters, ...given }, path: given ? `method.${type}.hyperparameters` : 'hyperparameters' };
}

function chosen(value: number | 'auto' | null | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** `max_steps` alone fixes the length; beside `n_epochs` it is a bound. */
function resolveLength(
  hyperparameters: Hyperparameters,
  maxSteps: number | undefined,
  { rows, batchSize }: { rows: number; batchSize: number },
) {
  const epochs = chosen(hyperparameters.n_epochs);
  const stepsOfEpochs = Math.max(1, Math.ceil((rows * (epochs ?? DEFAULT_EPOCHS)) / batchSize));
  const totalSteps = maxSteps === undefined ? stepsOfEpochs : epochs === undefined ? maxSteps : Math.min(maxSteps, stepsOfEpochs);
  return { totalSteps, epochs: totalSteps === stepsOfEpochs ? (epochs ?? DEFAULT_EPOCHS) : (totalSteps * batchSize) / Math.max(1, rows) };
}

/** A step's batch is split evenly over ranks, then into equal forward passes. */
function resolveMicroBatch(given: number | undefined, batch: { batchSize: number; workers: number; batchPath: string }): number {
  const { batchSize, workers } = batch;
  if (batchSize % workers !== 0) {
    refuse(
      'capstan.resources.workers',
      `A batch of ${batchSize} rows cannot be split evenly over ${workers} workers: choose another ${batch.batchPath}.`,
    );
  }
  const perRank = batchSize / workers;
  if (given !== undefined) {
    if (perRank % given !== 0) {
      refuse('capstan.training.micro_batch_size', `${given} does not divide the ${perRank} rows that each worker takes of a batch.`);
    }
    return given;
  }
  for (let size = Math.min(DEFAULT_MICRO_BATCH_SIZE, perRank); size > 1; size--) if (perRank % size === 0) return size;
  return 1;
}

function resolveLearningRate(hyperparameters: Hyperparameters, given: number | undefined, choice: Choice): number {
  const multiplier = chosen(hyperparameters.learning_rate_multiplier);
  if (given !== undefined && multiplier !== undefined) {
    refuse('capstan.training.learning_rate', 'Give either learning_rate or learning_rate_multiplier, not both.');
  }
  return given ?? baseLearningRate(choice) * (multiplier ?? 1);
}

export function baseLearningRate({ method, init, preference }: Pick<JobSpec, 'method' | 'init' | 'preference'>): number {
  if (preference) return BASE_LEARNING_RATE.preference;
  return BASE_LEARNING_RATE[init === 'random' ? 'random' : method];
}

function resolveWarmup(given: number | undefined, totalSteps: number): number {
  if (given !== undefined && given > totalSteps) {
    refuse('capstan.training.warmup_steps', `The warm-up of ${given} steps is longer than the training of ${totalSteps}.`);
  }
  return given ?? Math.round(totalSteps * WARMUP_SHARE);
}

/** No longer than the longest row, so that padding costs nothing; multiples of 8 keep the shapes few. */
function fitTokens(longest: number | undefined, { most, least }: { most: number; least: number }): number {
  return longest === undefined ? most : Math.min(most, Math.max(least, Math.ceil((longest + 1) / 8) * 8));
}

function refuse(param: string, message: string): never {
  throw new InvalidRequestError(message, { param });
}
