import { type Failure, type FineTuningJob, fitToMemory, type RankAssignment } from '@capstan/core';
import { countMemoryFailures } from '../attempts/fail-attempt.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { findBase } from './find-base.ts';

export type BuiltAssignment = { ok: true; assignment: RankAssignment } | { ok: false; failure: Failure };

/** All that one rank of the job's current attempt needs to know, or why the job cannot be trained at all. */
export async function buildAssignment(
  job: FineTuningJob,
  rank: number,
  { db, settings }: Pick<SchedulerContext, 'db' | 'settings'>,
): Promise<BuiltAssignment> {
  const { model, trainingFile, validationFile } = job.spec;
  const [baseModel, training, validation, checkpoints, baseEvaluation, memoryFailures] = await Promise.all([
    findBase(job, db),
    db.files.getForJob(job.projectId, trainingFile),
    validationFile === null ? null : db.files.getForJob(job.projectId, validationFile),
    db.checkpoints.listForResume(job.id),
    db.metrics.baseEvaluation(job.id),
    countMemoryFailures(job.id, db),
  ]);
  if (baseModel === null) return fail('ModelMissing', `The model ${model} does not exist any more.`);
  if (training === null) return fail('DatasetMissing', `The file ${trainingFile} does not exist any more.`);
  if (validationFile !== null && validation === null) return fail('DatasetMissing', `The file ${validationFile} does not exist any more.`);
  return {
    ok: true,
    assignment: {
      jobId: job.id,
      attempt: job.attempt,
      epoch: job.epoch,
      rank,
      worldSize: job.spec.resources.workers,
      spec: fitToMemory(job.spec, memoryFailures),
      baseModel,
      trainingFile: toRef(training),
      validationFile: validation === null ? null : toRef(validation),
      checkpoints: checkpoints.map(({ step, state }) => ({ step, state })),
      baseEvaluation,
      heartbeatIntervalMs: settings.heartbeatIntervalMs,
      elapsedMs: job.progress?.elapsedMs ?? 0,
    },
  };
}

function fail(reason: Failure['reason'], message: string): BuiltAssignment {
  return { ok: false, failure: { reason, message, exitCode: null } };
}

function toRef({ filename, sha256, bytes }: { filename: string; sha256: string; bytes: number }) {
  return { path: filename, sha256, bytes };
}
