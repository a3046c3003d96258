import type { FineTuningJob, JobEstimate, JobSpec, Pool, WorkerReport } from '@capstan/core';

export interface JobSpecChanges extends Partial<Omit<JobSpec, 'lora' | 'training' | 'resources'>> {
  lora?: Partial<JobSpec['lora']>;
  training?: Partial<JobSpec['training']>;
  resources?: Partial<JobSpec['resources']>;
}

/** A small LoRA job of one worker, valid in every field. */
export function makeJobSpec({ lora, training, resources, ...changes }: JobSpecChanges = {}): JobSpec {
  return {
    model: 'base-model',
    trainingFile: 'file-train',
    validationFile: null,
    suffix: null,
    seed: 1,
    method: 'lora',
    init: 'pretrained',
    lora: { r: 8, alpha: 16, dropout: 0, targetModules: 'all-linear', ...lora },
    training: {
      totalSteps: 100,
      epochs: 1,
      batchSize: 4,
      microBatchSize: 4,
      learningRate: 1e-3,
      warmupSteps: 0,
      decay: 'linear',
      weightDecay: 0,
      maxGradNorm: 1,
      dropout: null,
      maxSourceTokens: 64,
      maxTargetTokens: 16,
      evalEverySteps: 0,
      evalRows: 0,
      rougeRows: 0,
      checkpointEverySteps: 10,
      checkpointEverySeconds: 0,
      ...training,
    },
    resources: { workers: 1, gpusPerWorker: 0, memoryMiB: null, ...resources },
    ...changes,
  };
}

export function makeEstimate(changes: Partial<JobEstimate> = {}): JobEstimate {
  return {
    steps: 100,
    trainedTokens: 1_000,
    trainableParameters: 1_000,
    trainableShare: 0.01,
    peakMemoryBytes: 1_000_000,
    seconds: 10,
    secondsBasis: 'default',
    costUsd: 0,
    warnings: [],
    ...changes,
  };
}

const CREATED_AT = new Date('2026-01-01T00:00:00.000Z');

/** A queued job that nothing has happened to yet. */
export function makeJob(changes: Partial<FineTuningJob> = {}): FineTuningJob {
  return {
    id: 'ftjob-000000000000000000000001',
    projectId: 'proj-000000000000000000000001',
    poolId: 'local',
    status: 'queued',
    version: 0,
    attempt: 0,
    failures: 0,
    maxAttempts: 3,
    epoch: 0,
    priority: 50,
    spec: makeJobSpec(),
    reason: null,
    message: null,
    notBefore: null,
    isDrained: false,
    progress: null,
    fineTunedModel: null,
    trainedTokens: null,
    metadata: null,
    owner: null,
    retryOf: null,
    holdMessage: null,
    estimate: makeEstimate(),
    usage: { gpuSeconds: 0, costUsd: 0 },
    result: null,
    createdAt: CREATED_AT,
    queuedAt: CREATED_AT,
    startedAt: null,
    finishedAt: null,
    ...changes,
  };
}

/** A pool of local processes with two slots. */
export function makePool(changes: Partial<Pool> = {}): Pool {
  return {
    id: 'local',
    launcher: 'process',
    maxWorkers: 2,
    minReady: 0,
    gpusPerWorker: 0,
    pricePerGpuHour: 0,
    paused: false,
    memoryMiB: null,
    settings: {},
    autoscale: { enabled: false, targetWaitSeconds: 300, floor: 0, ceiling: 10, coolDownSeconds: 300 },
    version: 0,
    ...changes,
  };
}

/** What a rank says after one step. */
export function makeStepReport(step: number, changes: Partial<Extract<WorkerReport, { type: 'step' }>> = {}): WorkerReport {
  return {
    type: 'step',
    step,
    epoch: step / 100,
    trainLoss: 2 / step,
    learningRate: 1e-3,
    gradNorm: 1,
    tokens: 256,
    tokensPerSecond: 1_000,
    memoryBytes: 1_000_000,
    elapsedMs: step * 100,
    at: new Date(CREATED_AT.getTime() + step * 100),
    ...changes,
  };
}
