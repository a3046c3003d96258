import { isFinished } from '@capstan/core';
import type { KeyedRunner } from '../keyed-runner.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import type { ServingPool } from '../serving/serving-pool.ts';
import type { ObservedRanks } from './observed-ranks.ts';
import type { WaitMessages } from './wait-messages.ts';

export interface RankFollowers {
  observed: ObservedRanks;
  reconciler: KeyedRunner;
  serving: ServingPool;
  waitMessages: WaitMessages;
}

/** Follows the launcher until the signal aborts or its watch ends; whoever calls watches again. */
export async function watchRanks(context: SchedulerContext, followers: RankFollowers, signal: AbortSignal): Promise<void> {
  for await (const observation of context.launcher.watch({ signal })) {
    followers.observed.note(observation);
    if (observation.kind === 'train') followers.waitMessages.note(observation);
    if (observation.kind === 'serve') followers.serving.observe(observation);
    else if (isFinished(observation)) followers.reconciler.run(observation.jobId);
  }
}
