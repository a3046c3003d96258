import { type AttemptFacts, type DecideContext, type Decision, decide, type FineTuningJob, type ObservedRank } from '@capstan/core';
import type { SchedulerContext } from '../scheduler-context.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { Listening } from './listening.ts';
import type { ObservedRanks } from './observed-ranks.ts';

/** What a reconcile looks at, and through which it speaks to ranks. */
export interface ReconcileParts {
  observed: ObservedRanks;
  registry: SessionRegistry;
  listening: Listening;
}

/** A job's ranks, and what was known at `now`, the moment before its facts were read. */
interface Sight {
  ranks: ObservedRank[];
  facts: AttemptFacts;
  now: Date;
}

/** What to do about a job. Of one whose ranks cannot be seen from here, only this: those that are connected here are told to stop. */
export async function decideJob(
  job: FineTuningJob,
  { ranks, facts, now }: Sight,
  context: SchedulerContext,
  parts: ReconcileParts,
): Promise<Decision> {
  if (await context.ownPools.has(job.poolId)) return decide(job, ranks, facts, decideContext(context, parts, now));
  return { actions: job.status === 'pausing' || job.status === 'cancelling' ? ['commandStop'] : [] };
}

/** `now` is the moment before the ledger was read: what is looked at later is judged by what was known then, however long the acts in between took. */
export function decideContext({ random, settings }: SchedulerContext, { listening }: ReconcileParts, now: Date): DecideContext {
  return { now, random, listeningSince: listening.since(), limits: settings.limits };
}
