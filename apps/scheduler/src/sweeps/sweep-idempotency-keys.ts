import type { SchedulerContext } from '../scheduler-context.ts';

/** Nobody repeats a request after this long, in milliseconds. */
const KEPT_MS = 7 * 86_400_000;
const PAGE = 1_000;

/** Deletes idempotency keys that are older than a week, a page each turn. */
export function createIdempotencyKeysSweep({ db, clock, metrics }: SchedulerContext): () => Promise<void> {
  return async () => {
    const before = new Date(clock.now().getTime() - KEPT_MS);
    metrics.removals.inc({ kind: 'idempotency_key' }, await db.idempotencyKeys.deleteOlder({ before, limit: PAGE }));
  };
}
