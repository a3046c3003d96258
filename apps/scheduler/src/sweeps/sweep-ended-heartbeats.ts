import type { SchedulerContext } from '../scheduler-context.ts';

/**
 * Forgets the signs of life of attempts that have ended. The end takes them away, but one that is being written in that very moment comes
 * after it, and nobody would ever look at it again.
 */
export function createEndedHeartbeatsSweep({ db, logger }: SchedulerContext): () => Promise<void> {
  return async () => {
    const forgotten = await db.ledger.forgetEndedHeartbeats();
    if (forgotten > 0) logger.debug({ forgotten }, 'signs of life of ended attempts were forgotten');
  };
}
