import type { SchedulerContext } from '../scheduler-context.ts';

/** Frees slots that no open attempt holds. Launch and end keep both in one transaction, so anything found here is worth a look. */
export function createReservationsSweep({ db, logger, metrics }: SchedulerContext): () => Promise<void> {
  return async () => {
    const released = await db.ledger.releaseOrphanedReservations();
    if (released === 0) return;
    metrics.repairs.inc({ kind: 'reservation_released' }, released);
    logger.error({ released }, 'slots were held by no attempt and are free again');
  };
}
