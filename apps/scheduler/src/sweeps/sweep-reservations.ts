import type { SchedulerContext } from '../scheduler-context.ts';

/** Frees slots that no open attempt holds. Launch and end keep both in one transaction, so anything found here is worth a look. */
export function createReservationsSweep({ db, counters, logger }: SchedulerContext): () => Promise<void> {
  return async () => {
    const released = await db.ledger.releaseOrphanedReservations();
    if (released === 0) return;
    counters.reservationsReleased += released;
    logger.error({ released }, 'slots were held by no attempt and are free again');
  };
}
