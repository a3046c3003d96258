import type { FineTuningJob } from '@capstan/core';
import type { SchedulerContext } from '../scheduler-context.ts';
import { actOn } from './act-on.ts';
import { decideJob, type ReconcileParts } from './reconcile-parts.ts';

const PAGE = 500;

/** Reconciles every job that may have ranks, page by page: the safety net below all events. A job that fails to is left to the next pass. */
export async function reconcileAll(context: SchedulerContext, parts: ReconcileParts, options: { signal: AbortSignal }): Promise<void> {
  await parts.observed.refresh(options);
  let after: string | undefined;
  do {
    const jobs = await context.db.jobs.listReconcilable({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    await reconcilePage(jobs, context, parts, options);
    after = jobs.length === PAGE ? jobs.at(-1)?.id : undefined;
  } while (after !== undefined && !options.signal.aborted);
}

async function reconcilePage(jobs: FineTuningJob[], context: SchedulerContext, parts: ReconcileParts, options: { signal: AbortSignal }) {
  const now = context.clock.now();
  const facts = await context.db.ledger.facts(jobs.map(({ id, attempt }) => ({ jobId: id, attempt })));
  parts.listening.heard();
  const factsOf = new Map(facts.map((entry) => [entry.jobId, entry]));
  for (const job of jobs) {
    const attempt = factsOf.get(job.id);
    if (attempt === undefined || attempt.epoch !== job.epoch) continue;
    const ranks = parts.observed.ofJob(job.id).filter((rank) => rank.attempt === job.attempt && rank.kind === 'train');
    const decision = await decideJob(job, { ranks, facts: attempt, now }, context, parts);
    if (decision.event === undefined && decision.actions.length === 0) continue;
    await actOn(job, decision, context, { ...options, registry: parts.registry }).catch((error: unknown) =>
      context.logger.warn({ err: error, jobId: job.id }, 'reconcile failed and will be tried again'),
    );
  }
}
