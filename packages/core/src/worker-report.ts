import { z } from 'zod';
import { type ArtifactRef, artifactRefSchema } from './artifact-ref.ts';
import { FAILURE_REASONS } from './failure-reason.ts';
import { type EvaluationFigures, type JobResult, type JobSpec, jobSpecSchema } from './job.ts';

/** Who speaks: one rank of one attempt. Every message up the stream carries it, and an old epoch is refused. */
export interface RankIdentity {
  jobId: string;
  attempt: number;
  epoch: number;
  rank: number;
}

/** All that a rank needs to know, sent once at the start of its session. */
export interface RankAssignment extends RankIdentity {
  worldSize: number;
  spec: JobSpec;
  baseModel: ArtifactRef[];
  trainingFile: ArtifactRef;
  validationFile: ArtifactRef | null;
  /** Checkpoints to resume from, newest first; a damaged one is passed over for the next. */
  checkpoints: { step: number; state: ArtifactRef }[];
  /** Evaluation of the base from an earlier attempt, so that a resumed run does not repeat it. */
  baseEvaluation: { figures: EvaluationFigures; outputs: string[] } | null;
  heartbeatIntervalMs: number;
  /** Training milliseconds of earlier attempts, so that `elapsedMs` goes on. */
  elapsedMs: number;
}

const evaluationFiguresSchema = z.object({
  loss: z.number(),
  tokenAccuracy: z.number(),
  rouge1: z.number(),
  rouge2: z.number(),
  rougeL: z.number(),
  rougeLsum: z.number().optional(),
  rows: z.number().int().min(0),
});

/** An assignment travels as JSON; fields that a newer scheduler adds are dropped. */
export const rankAssignmentSchema = z.object({
  jobId: z.string(),
  attempt: z.number().int().min(1),
  epoch: z.number().int().min(0),
  rank: z.number().int().min(0),
  worldSize: z.number().int().min(1),
  spec: jobSpecSchema,
  baseModel: z.array(artifactRefSchema),
  trainingFile: artifactRefSchema,
  validationFile: artifactRefSchema.nullable(),
  checkpoints: z.array(z.object({ step: z.number().int().min(0), state: artifactRefSchema })),
  baseEvaluation: z.object({ figures: evaluationFiguresSchema, outputs: z.array(z.string()) }).nullable(),
  heartbeatIntervalMs: z.number().int().min(1),
  elapsedMs: z.number().min(0),
}) satisfies z.ZodType<RankAssignment>;

export const failureReasonSchema = z.enum(FAILURE_REASONS);

/** One thing a rank has to say. Numbered without gaps per rank and attempt; kept by the worker until acknowledged. */
export type WorkerReport =
  | { type: 'phase'; phase: 'loading' | 'evaluating' | 'training' | 'saving' }
  | { type: 'ready'; backend: string; detail: string }
  | {
      type: 'step';
      step: number;
      epoch: number;
      trainLoss: number;
      learningRate: number;
      gradNorm: number;
      tokens: number;
      tokensPerSecond: number;
      memoryBytes: number;
      elapsedMs: number;
      at: Date;
    }
  | { type: 'evaluation'; step: number; evalLoss: number; tokenAccuracy: number; at: Date }
  | { type: 'baseEvaluation'; figures: EvaluationFigures; outputs: string[] }
  | { type: 'checkpoint'; step: number; state: ArtifactRef; adapter: ArtifactRef[]; metrics: Record<string, number> }
  | { type: 'log'; level: 'info' | 'warn' | 'error'; message: string; at: Date }
  | { type: 'succeeded'; model: ArtifactRef[]; trainedTokens: number; result: JobResult }
  | { type: 'stopped'; step: number }
  | { type: 'failed'; reason: (typeof FAILURE_REASONS)[number]; message: string };

export interface NumberedReport {
  /** From 1, without gaps, per (job, attempt, rank). */
  sequence: number;
  report: WorkerReport;
}

/** Down the stream. `stop` ends the step, saves a checkpoint, reports `stopped` and exits; used by pause and cancel. */
export type WorkerCommand = { type: 'stop'; reason: 'pause' | 'cancel' | 'stale' } | { type: 'checkpoint' };
