import type { DecideContext } from '@capstan/core';
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

/** `now` is the moment before the ledger was read: what is looked at later is judged by what was known then, however long the acts in between took. */
export function decideContext({ random, settings }: SchedulerContext, { listening }: ReconcileParts, now: Date): DecideContext {
  return { now, random, listeningSince: listening.since(), limits: settings.limits };
}
