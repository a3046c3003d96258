import type { ObservedRanks } from '../reconcile/observed-ranks.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { releaseHeld } from './release-held.ts';
import { createDeadlinesSweep } from './sweep-deadlines.ts';
import { createEndedHeartbeatsSweep } from './sweep-ended-heartbeats.ts';
import { createEndedRanksSweep } from './sweep-ended-ranks.ts';
import { createIdempotencyKeysSweep } from './sweep-idempotency-keys.ts';
import { createMissingEntriesSweep } from './sweep-missing-entries.ts';
import { type CheckpointedJobs, createOldCheckpointsSweep } from './sweep-old-checkpoints.ts';
import { createReservationsSweep } from './sweep-reservations.ts';
import { createServersSweep } from './sweep-servers.ts';
import { createStrayEntriesSweep } from './sweep-stray-entries.ts';
import { createUnusedArtifactsSweep } from './sweep-unused-artifacts.ts';

export interface SweepParts {
  observed: ObservedRanks;
  checkpointed: CheckpointedJobs;
}

/** All sweeps, one after the other; one that fails is logged and leaves the others alone. Open rows without ranks are reconcile's. */
export function createSweeps(context: SchedulerContext, { observed, checkpointed }: SweepParts): (signal: AbortSignal) => Promise<void> {
  const sweeps = {
    missingEntries: createMissingEntriesSweep(context),
    heldJobs: (signal: AbortSignal) => releaseHeld(context, signal),
    deadlines: createDeadlinesSweep(context),
    strayEntries: createStrayEntriesSweep(context),
    reservations: createReservationsSweep(context),
    endedHeartbeats: createEndedHeartbeatsSweep(context),
    endedRanks: createEndedRanksSweep(context, observed),
    servers: createServersSweep(context, observed),
    oldCheckpoints: createOldCheckpointsSweep(context, checkpointed),
    unusedArtifacts: createUnusedArtifactsSweep(context),
    idempotencyKeys: createIdempotencyKeysSweep(context),
  };
  return async (signal) => {
    for (const [sweep, run] of Object.entries(sweeps)) {
      if (signal.aborted) return;
      await run(signal).catch((error: unknown) => context.logger.warn({ err: error, sweep }, 'sweep failed and will be tried again'));
    }
  };
}
