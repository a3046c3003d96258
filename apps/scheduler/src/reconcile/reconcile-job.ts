import { type Decision, type FineTuningJob, isActive } from '@capstan/core';
import type { SchedulerContext } from '../scheduler-context.ts';
import { actOn } from './act-on.ts';
import { decideJob, type ReconcileParts } from './reconcile-parts.ts';

/** Looks at one job and its ranks and does what is due. May be called at any moment, by several schedulers at once. */
export async function reconcileJob(
  jobId: string,
  context: SchedulerContext,
  parts: ReconcileParts,
  options: { signal: AbortSignal },
): Promise<void> {
  const first = await look(jobId, context, parts);
  if (first === null) return;
  if (!restsOnAbsence(first)) return actOn(first.job, first.decision, context, { ...options, registry: parts.registry });
  // The view may be behind the launcher by the moment in which these very ranks were started.
  await parts.observed.refresh(options);
  const second = await look(jobId, context, parts);
  if (second !== null) await actOn(second.job, second.decision, context, { ...options, registry: parts.registry });
}

interface Look {
  job: FineTuningJob;
  decision: Decision;
  isIncomplete: boolean;
}

/** The ranks are taken before the row is read: `decide` says why. */
async function look(jobId: string, context: SchedulerContext, parts: ReconcileParts): Promise<Look | null> {
  const ranks = parts.observed.ofJob(jobId);
  const job = await context.db.jobs.get(jobId);
  if (job === null || !isActive(job.status)) return null;
  const now = context.clock.now();
  const [facts] = await context.db.ledger.facts([{ jobId, attempt: job.attempt }]);
  if (facts === undefined || facts.epoch !== job.epoch) return null;
  const own = ranks.filter(({ attempt, kind }) => attempt === job.attempt && kind === 'train');
  return {
    job,
    decision: await decideJob(job, { ranks: own, facts, now }, context, parts),
    isIncomplete: own.length < job.spec.resources.workers,
  };
}

function restsOnAbsence({ decision, isIncomplete }: Look): boolean {
  return isIncomplete && (decision.event !== undefined || decision.actions.includes('relaunch'));
}
