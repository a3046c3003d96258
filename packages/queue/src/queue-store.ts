import type { IQueueBackend } from 'bullmq';

/** Where an entry that was in hand belongs among those of its priority. */
export interface Place {
  /** BullMQ's: 1 is first. */
  priority: number;
  readyAtMs: number;
}

/** What differs between Redis and Postgres. */
export interface QueueStore {
  /** BullMQ's backend on the shared connection; rejects quickly while the store is away, and may be asked again. */
  connect(): Promise<IQueueBackend>;
  /** The queue of one pool, on the shared connection. */
  forPool(backend: IQueueBackend, poolId: string): IQueueBackend;
  /** Moves an entry that was put back to its place; does nothing where it is no longer waiting. */
  restorePlace(backend: IQueueBackend, id: string, place: Place): Promise<void>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Start of the scale on which places are counted: 2020-01-01. */
const PLACE_EPOCH_MS = 1_577_836_800_000;

/** Position of an entry among those put back, growing with the instant at which it became ready. */
export function placeOrdinal(place: Place): number {
  return Math.max(0, place.readyAtMs - PLACE_EPOCH_MS);
}

/** The backend's settings that BullMQ reads when an entry is taken or found stalled. */
export function lockOptions(lockDurationMs: number) {
  return {
    lockDuration: lockDurationMs,
    stalledInterval: Math.ceil(lockDurationMs / 3),
    // An entry is harmless to hand out again, so it never counts as failed however often its takers die.
    maxStalledCount: 1_000_000_000,
  };
}
