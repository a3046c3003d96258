/** One waiting launch of a job: the job and the number that its next attempt will carry. */
export interface QueueEntry {
  jobId: string;
  attempt: number;
}

export interface EntryAddress extends QueueEntry {
  poolId: string;
}

export interface NewQueueEntry extends EntryAddress {
  /** 0..100; smaller runs first, equal ones in order of arrival. */
  priority: number;
  /** Not to be handed out before this instant. */
  notBefore?: Date | null;
  now: Date;
}

/** An entry in the hands of one taker. Held for the length of a launch transaction, never for the length of a run. */
export interface TakenEntry extends QueueEntry {
  /** The entry is gone. Also succeeds where it was lost to another taker, or removed, in the meantime. */
  complete(): Promise<void>;
  /** The entry waits again where it stood: before those of its priority that came later. */
  putBack(): Promise<void>;
}

export type EntryState = 'waiting' | 'delayed' | 'active';

export interface ListOptions {
  offset: number;
  limit: number;
  /** `waiting` (default) in the order of launch, `delayed` by instant, `active` as taken. */
  state?: EntryState;
}

/**
 * The order of waiting, one queue per pool. Postgres' job rows are the truth: an entry that is lost is put back by the
 * scheduler's sweep, an entry without a queued row is dropped by its taker.
 *
 * Every call rejects with `UnavailableError` within seconds while the store is away, and works again when it is back.
 */
export interface JobQueue {
  /** Adds the entry, or leaves the one that is there for the same job and attempt as it is. */
  enqueue(entry: NewQueueEntry): Promise<void>;
  /**
   * Adds an entry that was lost, with `now` the instant at which it first waited: it stands before all of its priority that were enqueued,
   * among others restored in the order of that instant. For when the store was emptied; leaves an entry that is there as it is.
   */
  restore(entry: NewQueueEntry): Promise<void>;
  /**
   * Moves the entry to the end of its new priority, or adds it where there is none; called twice, the second finds it there. False, and
   * nothing is changed, while the entry is in the hands of a taker.
   */
  reprioritise(entry: NewQueueEntry): Promise<boolean>;
  /** Hands the first due entry to this caller alone; an entry whose taker died comes back after the lock's duration. */
  takeNext(poolId: string): Promise<TakenEntry | null>;
  /** As many as `takeNext` would hand out one after another, in their order, up to `limit`; what cannot be read is dropped. */
  takeUpTo(poolId: string, limit: number): Promise<TakenEntry[]>;
  /** The entry that `takeNext` would hand out at `now`. */
  peek(poolId: string, now: Date): Promise<QueueEntry | null>;
  /** Whether the entry was there and is gone. An entry in the hands of a taker stays: its taker decides. */
  remove(entry: EntryAddress): Promise<boolean>;
  has(entry: EntryAddress): Promise<boolean>;
  list(poolId: string, options: ListOptions): Promise<QueueEntry[]>;
  counts(poolId: string): Promise<Record<EntryState, number>>;
  /** Puts entries of dead takers back to their places; the number of them. `takeNext` and `peek` do it as well. */
  recoverStalled(poolId: string): Promise<number>;
  ping(): Promise<void>;
  /** Ends the connections; entries in hand come back by themselves. */
  close(): Promise<void>;
}
