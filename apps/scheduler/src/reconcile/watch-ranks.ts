import { isFinished } from '@capstan/core';
import type { RankObservation } from '@capstan/launcher';
import type { KeyedRunner } from '../keyed-runner.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import type { ServingPool } from '../serving/serving-pool.ts';
import type { ObservedRanks } from './observed-ranks.ts';

export interface RankFollowers {
  observed: ObservedRanks;
  reconciler: KeyedRunner;
  serving: ServingPool;
}

/** Follows the launcher until the signal aborts or its watch ends; whoever calls watches again. */
export async function watchRanks(context: SchedulerContext, followers: RankFollowers, signal: AbortSignal): Promise<void> {
  for await (const observation of context.launcher.watch({ signal })) {
    followers.observed.note(observation);
    if (observation.kind === 'serve') followers.serving.observe(observation);
    else if (isFinished(observation)) followers.reconciler.run(observation.jobId);
    else await tellWhatItWaitsFor(observation, context);
  }
}

/** People see in the job what a pending rank waits for, in the launcher's words, without access to the cluster. */
async function tellWhatItWaitsFor({ jobId, attempt, phase, message }: RankObservation, { db, logger }: SchedulerContext): Promise<void> {
  if (phase === 'pending' && message === null) return;
  try {
    await db.ledger.setStatusMessage(jobId, attempt, phase === 'pending' ? message : null);
  } catch (error) {
    logger.warn({ err: error, jobId }, 'status message not stored');
  }
}
