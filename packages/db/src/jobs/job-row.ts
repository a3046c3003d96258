import type { FailureReason, JobSpec } from '@capstan/core';
import { type FineTuningJob, type JobEstimate, type JobProgress, type JobResult, jobSpecSchema } from '@capstan/core';
import { type Job, Prisma } from '../generated/client.ts';

/** A row of `jobs`, read by Prisma or by `JOB_COLUMNS`; they differ in how they bring a bigint. */
export type JobRow = Omit<Job, 'trainedTokens' | 'bodyHash'> & { trainedTokens: bigint | number | null };

/** The columns of `jobs j` under the names that Prisma gives them. */
export const JOB_COLUMNS = Prisma.raw(
  `j.id, j.project_id AS "projectId", j.pool_id AS "poolId", j.status, j.version, j.attempt, j.failures, j.max_attempts AS "maxAttempts",
   j.epoch, j.priority, j.spec, j.reason, j.message, j.not_before AS "notBefore", j.is_drained AS "isDrained", j.progress,
   j.fine_tuned_model AS "fineTunedModel", j.trained_tokens AS "trainedTokens", j.metadata, j.owner, j.retry_of AS "retryOf",
   j.hold_message AS "holdMessage", j.estimate, j.gpu_seconds AS "gpuSeconds", j.cost_usd AS "costUsd", j.result,
   j.created_at AS "createdAt", j.queued_at AS "queuedAt", j.started_at AS "startedAt", j.finished_at AS "finishedAt"`,
);

/** What reports write into `progress`; the rest of a JobProgress follows from it and the spec. */
export type StoredProgress = Partial<Omit<JobProgress, 'totalSteps' | 'etaMs'>>;

/** The one place where a row becomes a domain object. JSON that programs act on is parsed; the rest only db ever wrote. */
export function toJob(row: JobRow): FineTuningJob {
  const { gpuSeconds, costUsd, ...columns } = row;
  const spec = jobSpecSchema.parse(row.spec);
  return {
    ...columns,
    spec,
    reason: row.reason as FailureReason | null,
    progress: toProgress(row.progress as StoredProgress | null, spec),
    trainedTokens: row.trainedTokens === null ? null : Number(row.trainedTokens),
    metadata: row.metadata as Record<string, string> | null,
    estimate: row.estimate as unknown as JobEstimate,
    usage: { gpuSeconds, costUsd },
    result: row.result as unknown as JobResult | null,
  };
}

function toProgress(stored: StoredProgress | null, spec: JobSpec): JobProgress | null {
  if (stored === null) return null;
  const { totalSteps } = spec.training;
  const { step = 0, elapsedMs = 0 } = stored;
  return {
    step,
    totalSteps,
    epoch: stored.epoch ?? 0,
    trainLoss: stored.trainLoss ?? null,
    evalLoss: stored.evalLoss ?? null,
    learningRate: stored.learningRate ?? null,
    tokensPerSecond: stored.tokensPerSecond ?? null,
    phase: stored.phase ?? 'loading',
    elapsedMs,
    etaMs: etaMsOf({ step, elapsedMs, totalSteps }),
  };
}

/** What is left at the pace so far; null before the first step. */
export function etaMsOf({ step, elapsedMs, totalSteps }: { step: number; elapsedMs: number; totalSteps: number }): number | null {
  return step > 0 && elapsedMs > 0 ? Math.round((elapsedMs / step) * Math.max(0, totalSteps - step)) : null;
}
