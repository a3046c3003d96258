import {
  baseLearningRate,
  type CapstanJob,
  deadlineOf,
  FAILURE_RULES,
  type FineTuningJob,
  type Hyperparameters,
  type JobEstimate,
  type JobEstimateObject,
  type JobObject,
  type JobProgress,
  type JobSpec,
  toOpenAiStatus,
  type Wait,
} from '@capstan/core';
import { resultToRest } from './result-to-rest.ts';
import { seconds, unixTime, unixTimeOrNull } from './unix-time.ts';

/** The job as OpenAI's clients know it, and all that they have no word for under `capstan`. `wait` says why it is not running. */
export function jobToRest(job: FineTuningJob, wait: Wait | null, failure: CapstanJob['failure'] = null): JobObject {
  const { spec } = job;
  const hyperparameters = hyperparametersToRest(spec);
  return {
    id: job.id,
    object: 'fine_tuning.job',
    created_at: unixTime(job.createdAt),
    finished_at: unixTimeOrNull(job.finishedAt),
    error: errorToRest(job),
    fine_tuned_model: job.fineTunedModel,
    hyperparameters,
    model: spec.model,
    organization_id: job.projectId,
    result_files: job.result?.metricsFile === undefined ? [] : [job.result.metricsFile],
    status: toOpenAiStatus(job.status),
    trained_tokens: job.trainedTokens,
    training_file: spec.trainingFile,
    validation_file: spec.validationFile,
    seed: spec.seed,
    estimated_finish: estimatedFinish(job),
    integrations: null,
    metadata: job.metadata,
    method: methodToRest(spec, hyperparameters),
    capstan: capstanToRest(job, wait, failure),
  };
}

export function estimateToRest(estimate: JobEstimate): JobEstimateObject {
  return {
    steps: estimate.steps,
    trained_tokens: estimate.trainedTokens,
    trainable_parameters: estimate.trainableParameters,
    trainable_share: estimate.trainableShare,
    peak_memory_bytes: estimate.peakMemoryBytes,
    seconds: estimate.seconds,
    seconds_basis: estimate.secondsBasis,
    cost_usd: estimate.costUsd,
    warnings: estimate.warnings,
  };
}

function capstanToRest(job: FineTuningJob, wait: Wait | null, failure: CapstanJob['failure']): CapstanJob {
  const { spec, progress } = job;
  const etaMs = job.status === 'running' ? (progress?.etaMs ?? null) : null;
  return {
    state: job.status,
    reason: wait?.reason ?? (job.status === 'failed' ? job.reason : null),
    message: wait?.message ?? (job.status === 'failed' ? job.message : null),
    position: wait?.position ?? null,
    ahead: wait?.ahead ?? null,
    eta: wait?.eta ? { ...wait.eta } : null,
    eta_seconds: wait ? (wait.eta?.p50 ?? null) : etaMs === null ? null : seconds(etaMs),
    pool: job.poolId,
    owner: job.owner,
    retry_of: job.retryOf,
    priority: job.priority,
    attempt: job.attempt,
    failures: job.failures,
    max_attempts: job.maxAttempts,
    not_before: unixTimeOrNull(job.notBefore),
    deadline_at: unixTimeOrNull(deadlineOf(job)),
    started_at: unixTimeOrNull(job.startedAt),
    progress: progress && progressToRest(progress),
    estimate: estimateToRest(job.estimate),
    cost_usd: job.usage.costUsd,
    gpu_seconds: job.usage.gpuSeconds,
    result: job.result && resultToRest(job.result, spec),
    failure,
    method: spec.method,
    init: spec.init,
    lora: spec.method === 'full' ? null : loraToRest(spec.lora),
    training: trainingToRest(spec.training),
    generation: generationToRest(spec.generation),
    resources: { workers: spec.resources.workers, gpus_per_worker: spec.resources.gpusPerWorker, memory_mib: spec.resources.memoryMiB },
  };
}

/** Null, and never an empty object, where nothing went wrong: clients break on `{}`. */
function errorToRest(job: FineTuningJob): JobObject['error'] {
  if (job.status !== 'failed') return null;
  const { reason, message } = job;
  const advice = reason === null ? '' : ` ${FAILURE_RULES[reason].advice}`;
  const param = reason === 'DatasetInvalid' || reason === 'DatasetMissing' ? 'training_file' : null;
  return { code: reason ?? 'TrainerError', message: `${message ?? 'The job failed.'}${advice}`, param };
}

/** What was resolved, in OpenAI's three words and their ranges; a part of an epoch counts as one. */
function hyperparametersToRest(spec: JobSpec): Hyperparameters {
  const { batchSize, learningRate, epochs } = spec.training;
  const multiplier = learningRate / baseLearningRate(spec);
  return {
    batch_size: batchSize,
    learning_rate_multiplier: Number(multiplier.toPrecision(6)),
    n_epochs: Math.min(50, Math.max(1, Math.ceil(epochs))),
  };
}

function methodToRest({ preference }: JobSpec, hyperparameters: Hyperparameters): JobObject['method'] {
  if (preference === undefined) return { type: 'supervised', supervised: { hyperparameters } };
  return { type: 'dpo', dpo: { hyperparameters: { ...hyperparameters, beta: preference.beta } } };
}

function estimatedFinish(job: FineTuningJob): number | null {
  if (job.status !== 'running' || job.progress?.etaMs == null || job.startedAt === null) return null;
  return unixTime(new Date(job.startedAt.getTime() + job.progress.elapsedMs + job.progress.etaMs));
}

function progressToRest(progress: JobProgress): NonNullable<CapstanJob['progress']> {
  return {
    step: progress.step,
    total_steps: progress.totalSteps,
    epoch: progress.epoch,
    train_loss: progress.trainLoss,
    eval_loss: progress.evalLoss,
    learning_rate: progress.learningRate,
    tokens_per_second: progress.tokensPerSecond,
    phase: progress.phase,
    elapsed_seconds: seconds(progress.elapsedMs),
  };
}

function loraToRest({ r, alpha, dropout, targetModules, ...lora }: JobSpec['lora']): CapstanJob['lora'] {
  return {
    r,
    alpha,
    dropout,
    target_modules: targetModules,
    use_rslora: lora.rankStabilised ?? false,
    use_dora: lora.weightDecomposed ?? false,
    modules_to_save: lora.modulesToSave ?? [],
    layers_to_transform: lora.layersToTransform ?? null,
  };
}

function trainingToRest(training: JobSpec['training']): CapstanJob['training'] {
  return {
    total_steps: training.totalSteps,
    batch_size: training.batchSize,
    micro_batch_size: training.microBatchSize,
    learning_rate: training.learningRate,
    warmup_steps: training.warmupSteps,
    decay: training.decay,
    weight_decay: training.weightDecay,
    max_grad_norm: training.maxGradNorm,
    label_smoothing: training.labelSmoothing ?? 0,
    gradient_checkpointing: training.gradientCheckpointing ?? false,
    dropout: training.dropout,
    max_source_tokens: training.maxSourceTokens,
    max_target_tokens: training.maxTargetTokens,
    eval_every_steps: training.evalEverySteps,
    eval_rows: training.evalRows,
    rouge_rows: training.rougeRows,
    checkpoint_every_steps: training.checkpointEverySteps,
    checkpoint_every_seconds: training.checkpointEverySeconds,
  };
}

function generationToRest(generation: JobSpec['generation'] = {}): CapstanJob['generation'] {
  return {
    repetition_penalty: generation.repetitionPenalty ?? null,
    num_beams: generation.numBeams ?? null,
    length_penalty: generation.lengthPenalty ?? null,
    early_stopping: generation.earlyStopping ?? null,
  };
}
