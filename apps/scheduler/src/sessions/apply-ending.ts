import { type FineTuningJob, type RankIdentity, StaleEpochError, type WorkerReport } from '@capstan/core';
import { applyToAttempt } from '../attempts/apply-to-attempt.ts';
import { launchName } from '../attempts/build-launch-spec.ts';
import { failAttempt } from '../attempts/fail-attempt.ts';
import type { ObservedRanks } from '../reconcile/observed-ranks.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { fineTunedModelName } from './fine-tuned-model-name.ts';
import { storeStepMetrics } from './store-step-metrics.ts';

/** What a launcher sees of the ranks may say why one was stopped. */
export type EndingContext = SchedulerContext & { observed: ObservedRanks };
export type EndingReport = Extract<WorkerReport, { type: 'succeeded' | 'stopped' | 'failed' }>;

/**
 * Whether `report` ends the attempt. A failure does, whichever rank it comes from. Success and a wanted stop are rank 0's to tell,
 * for it holds the model and saves the checkpoint; the other ranks only say goodbye.
 */
export function isEnding(report: WorkerReport, rank: number): report is EndingReport {
  return report.type === 'failed' || report.type === 'stopped' || (report.type === 'succeeded' && rank === 0);
}

/**
 * Ends the attempt as the rank says. Throws a StaleEpochError when it had ended already, and then nothing has changed: so a report
 * that is sent twice, because its acknowledgement was lost, is refused and the rank stops all the same.
 */
export async function applyEnding(identity: RankIdentity, report: EndingReport, context: EndingContext): Promise<void> {
  const job = await context.db.jobs.get(identity.jobId);
  const isCurrent = job !== null && job.epoch === identity.epoch;
  const hasEnded = isCurrent && (await endAttempt(job, identity.rank, report, context));
  if (!hasEnded) throw new StaleEpochError(`Attempt ${identity.attempt} of ${identity.jobId} is over.`);
}

async function endAttempt(job: FineTuningJob, rank: number, report: EndingReport, context: EndingContext): Promise<boolean> {
  switch (report.type) {
    case 'succeeded':
      return succeed(job, report, context);
    case 'stopped':
      return endStopped(job, rank, context);
    case 'failed':
      return abandon(job, { reason: report.reason, message: report.message }, context);
  }
}

/** The model's row, the file of metrics, the result and the bill come with the change of status, in one transaction. */
async function succeed(
  job: FineTuningJob,
  report: Extract<EndingReport, { type: 'succeeded' }>,
  context: SchedulerContext,
): Promise<boolean> {
  const { model: base, method, training } = job.spec;
  const [baseModel, project, file] = await Promise.all([
    context.db.models.get(base, job.projectId),
    context.db.projects.get(job.projectId),
    storeStepMetrics(job.id, context),
  ]);
  const fineTunedModel = fineTunedModelName(job, project?.name ?? job.projectId);
  const event = { type: 'workersSucceeded', fineTunedModel, trainedTokens: report.trainedTokens } as const;
  return applyToAttempt(job, event, context, {
    model: {
      base,
      artifacts: report.model,
      config: baseModel?.config ?? {},
      method,
      parameterCount: baseModel?.parameterCount ?? null,
      ownedBy: job.projectId,
    },
    file,
    result: { ...report.result, metricsFile: file.id },
    lastStep: training.totalSteps,
  });
}

/** A stop that nobody asked for is the platform's doing: the machine was drained, or the pod evicted. But where it ran out of time, the next would too. */
async function endStopped(job: FineTuningJob, rank: number, context: EndingContext): Promise<boolean> {
  const isAsked = job.status === 'pausing' || job.status === 'cancelling';
  if (!isAsked) {
    const late = context.observed.ofJob(job.id).find(({ attempt, reason }) => attempt === job.attempt && reason === 'DeadlineExceeded');
    const message = late?.message ?? `Rank ${rank} was told to stop by its machine.`;
    return abandon(job, { reason: late === undefined ? 'Preempted' : 'DeadlineExceeded', message }, context);
  }
  if (rank !== 0) return true;
  return applyToAttempt(job, { type: job.status === 'pausing' ? 'paused' : 'workersGone' }, context);
}

/** A gang cannot go on without one of its ranks, so the others are ended too. */
async function abandon(
  job: FineTuningJob,
  failure: { reason: Parameters<typeof failAttempt>[1]['reason']; message: string },
  context: SchedulerContext,
): Promise<boolean> {
  const hasEnded = await failAttempt(job, { ...failure, exitCode: null }, context);
  if (job.spec.resources.workers > 1) await context.launcher.stop(launchName(job), { graceMs: context.settings.killGraceMs });
  return hasEnded;
}
