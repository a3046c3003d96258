import { z } from 'zod';
import { artifactRefSchema } from './artifact-ref.ts';
import { decodingOptionsSchema } from './decoding-options.ts';
import type { FailureReason } from './failure-reason.ts';
import type { JobStatus } from './job-status.ts';
import { loraConfigSchema } from './lora-config.ts';

/** What to train and how: resolved once at submission, then never changed. Workers receive it as it is. */
export const jobSpecSchema = z.object({
  model: z.string(),
  /** The files of the base at submission: every attempt gets these. Absent where an earlier release took the job in. */
  baseModel: z.array(artifactRefSchema).optional(),
  trainingFile: z.string(),
  validationFile: z.string().nullable(),
  suffix: z.string().nullable(),
  seed: z.number().int(),
  /** `lora` trains an adapter on a frozen base; `full` trains every weight. */
  method: z.enum(['lora', 'full']),
  /** `random` draws fresh weights (training from scratch); only with `full`. */
  init: z.enum(['pretrained', 'random']),
  lora: loraConfigSchema,
  /** Learns which of two answers is better (DPO) instead of writing the given one; the base without the adapter is the reference. */
  preference: z.object({ beta: z.number().positive() }).optional(),
  training: z.object({
    totalSteps: z.number().int().min(1),
    epochs: z.number().positive(),
    batchSize: z.number().int().min(1),
    /** Rows in one forward pass; `batchSize = microBatchSize × gradientAccumulationSteps`. */
    microBatchSize: z.number().int().min(1),
    learningRate: z.number().positive(),
    warmupSteps: z.number().int().min(0),
    decay: z.enum(['linear', 'cosine', 'constant']),
    weightDecay: z.number().min(0),
    maxGradNorm: z.number().positive(),
    /** The share of every label that is spread over the vocabulary; 0 where it is absent. */
    labelSmoothing: z.number().min(0).lt(1).optional(),
    /** Whether layers are computed again on the way back instead of kept; false where it is absent. */
    gradientCheckpointing: z.boolean().optional(),
    /** Overrides the base's `dropout_rate`; null honours it. */
    dropout: z.number().min(0).lt(1).nullable(),
    maxSourceTokens: z.number().int().min(8),
    maxTargetTokens: z.number().int().min(4),
    /** 0 evaluates before the first and after the last step only. */
    evalEverySteps: z.number().int().min(0),
    /** Rows of the validation set used for the loss, and for ROUGE by generation. */
    evalRows: z.number().int().min(0),
    rougeRows: z.number().int().min(0),
    /** Whichever comes first, steps or seconds; 0 takes that one out. */
    checkpointEverySteps: z.number().int().min(0),
    checkpointEverySeconds: z.number().int().min(0).default(0),
  }),
  /** How evaluations and samples are decoded; greedily where it is absent. */
  generation: decodingOptionsSchema.optional(),
  resources: z.object({
    /** World size: how many ranks train together. */
    workers: z.number().int().min(1),
    gpusPerWorker: z.number().int().min(0),
    memoryMiB: z.number().int().min(64).nullable(),
  }),
  /** From the creation to the latest end, paused or not; absent or null where it may take as long as it takes. */
  deadlineSeconds: z.number().int().min(1).nullish(),
});
export type JobSpec = z.infer<typeof jobSpecSchema>;

export interface JobProgress {
  step: number;
  totalSteps: number;
  epoch: number;
  trainLoss: number | null;
  evalLoss: number | null;
  learningRate: number | null;
  tokensPerSecond: number | null;
  /** What the ranks are doing: `loading`, `evaluating`, `training`, `saving`. */
  phase: string;
  elapsedMs: number;
  etaMs: number | null;
}

/** One fine-tuning job as the rest of the house sees it: a row of Postgres, parsed. */
export interface FineTuningJob {
  id: string;
  projectId: string;
  poolId: string;
  status: JobStatus;
  /** Compare-and-swap guard: grows by one with every change of `status`. */
  version: number;
  /** Launches so far; 0 before the first. Names, tokens and the ledger carry it. */
  attempt: number;
  /** Attempts that ended in failure; compared with `maxAttempts`. Pauses do not count. */
  failures: number;
  maxAttempts: number;
  /** Fencing token: grows with every launch and with every end of an attempt, so late reports are refused. */
  epoch: number;
  /** Smaller runs first; 0..100, default 50. */
  priority: number;
  spec: JobSpec;
  reason: FailureReason | null;
  message: string | null;
  /** Not to be launched before this instant (backoff of a retry). */
  notBefore: Date | null;
  /** A drain of its pool pauses or paused it, and it goes on when the pool does. */
  isDrained: boolean;
  progress: JobProgress | null;
  fineTunedModel: string | null;
  trainedTokens: number | null;
  metadata: Record<string, string> | null;
  /** The name of the key that submitted it; null where an earlier release took it in. */
  owner: string | null;
  /** The job that this one repeats. */
  retryOf: string | null;
  /** Why it is out of its queue although it is queued: its project holds all that it may, or its pool is too small; null for others. */
  holdMessage: string | null;
  estimate: JobEstimate;
  /** GPU-seconds (slot-seconds on pools without GPUs) and their price over all attempts so far. */
  usage: { gpuSeconds: number; costUsd: number };
  result: JobResult | null;
  createdAt: Date;
  queuedAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

/** What a job will take, said before anything runs. */
export interface JobEstimate {
  steps: number;
  trainedTokens: number;
  trainableParameters: number;
  trainableShare: number;
  peakMemoryBytes: number;
  seconds: number;
  secondsBasis: 'measured' | 'default';
  costUsd: number;
  warnings: string[];
}

export interface EvaluationFigures {
  loss: number;
  tokenAccuracy: number;
  rouge1: number;
  rouge2: number;
  rougeL: number;
  /** Absent where an earlier release measured. */
  rougeLsum?: number | undefined;
  rows: number;
}

/** What the last report of a successful attempt brings. */
export interface JobResult {
  base: EvaluationFigures | null;
  adapter: EvaluationFigures | null;
  samples: { prompt: string; reference: string; before: string; after: string }[];
  /** Inference speed seen while evaluating, generated tokens per second. */
  generationTokensPerSecond: number | null;
  backend: string;
  peakMemoryBytes: number | null;
  /** The file with the metrics of all steps, made when the job succeeded; absent where an earlier release ended it. */
  metricsFile?: string;
}
