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

export function decideContext({ clock, random, settings }: SchedulerContext, { listening }: ReconcileParts): DecideContext {
  return { now: clock.now(), random, listeningSince: listening.since(), limits: settings.limits };
}
