import type { Clock } from '@capstan/core';
import type { EntryAddress, JobQueue, NewQueueEntry, QueueEntry, TakenEntry } from '@capstan/queue';

interface ModelEntry extends NewQueueEntry {
  order: number;
  isHeld: boolean;
}

/**
 * The queue's contract in memory, and all that can go wrong with one: entries that are lost, that are delivered twice, and that come back
 * because their taker died.
 */
export class ModelQueue implements JobQueue {
  readonly #clock: Clock;
  #entries: ModelEntry[] = [];
  #order = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async enqueue(entry: NewQueueEntry): Promise<void> {
    if (this.#find(entry) === undefined) this.deliverAgain(entry);
  }

  restore(entry: NewQueueEntry): Promise<void> {
    return this.enqueue(entry);
  }

  async reprioritise(entry: NewQueueEntry): Promise<boolean> {
    const there = this.#find(entry);
    if (there?.isHeld) return false;
    if (there !== undefined) this.#entries = this.#entries.filter((other) => other !== there);
    this.deliverAgain(entry);
    return true;
  }

  async takeNext(poolId: string): Promise<TakenEntry | null> {
    const entry = this.#due(poolId);
    if (entry === undefined) return null;
    entry.isHeld = true;
    return {
      jobId: entry.jobId,
      attempt: entry.attempt,
      complete: async () => {
        this.#entries = this.#entries.filter((other) => other !== entry);
      },
      putBack: async () => {
        entry.isHeld = false;
      },
    };
  }

  async takeUpTo(poolId: string, limit: number): Promise<TakenEntry[]> {
    const taken: TakenEntry[] = [];
    for (let entry = await this.takeNext(poolId); entry !== null; entry = taken.length < limit ? await this.takeNext(poolId) : null)
      taken.push(entry);
    return taken;
  }

  async peek(poolId: string): Promise<QueueEntry | null> {
    return this.#due(poolId) ?? null;
  }

  async remove(address: EntryAddress): Promise<boolean> {
    const entry = this.#find(address);
    if (entry === undefined || entry.isHeld) return false;
    this.#entries = this.#entries.filter((other) => other !== entry);
    return true;
  }

  async has(address: EntryAddress): Promise<boolean> {
    return this.#find(address) !== undefined;
  }

  async list(poolId: string, { offset, limit }: { offset: number; limit: number }): Promise<QueueEntry[]> {
    return this.#waiting(poolId).slice(offset, offset + limit);
  }

  async counts(poolId: string): Promise<Record<'waiting' | 'delayed' | 'active', number>> {
    const active = this.#entries.filter((entry) => entry.poolId === poolId && entry.isHeld).length;
    return { waiting: this.#waiting(poolId).length, delayed: 0, active };
  }

  /** Takers that died let go of what they held. */
  async recoverStalled(): Promise<number> {
    const held = this.#entries.filter(({ isHeld }) => isHeld);
    for (const entry of held) entry.isHeld = false;
    return held.length;
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {}

  /** Adds the entry although there is one. */
  deliverAgain(entry: NewQueueEntry): void {
    this.#entries.push({ ...entry, order: this.#order++, isHeld: false });
  }

  lose(pick: number): void {
    if (this.#entries.length > 0) this.#entries.splice(pick % this.#entries.length, 1);
  }

  empty(): void {
    this.#entries = [];
  }

  #find({ poolId, jobId, attempt }: EntryAddress): ModelEntry | undefined {
    return this.#entries.find((entry) => entry.poolId === poolId && entry.jobId === jobId && entry.attempt === attempt);
  }

  #due(poolId: string): ModelEntry | undefined {
    const now = this.#clock.now();
    return this.#waiting(poolId).find(({ notBefore }) => (notBefore ?? now) <= now);
  }

  #waiting(poolId: string): ModelEntry[] {
    const waiting = this.#entries.filter((entry) => entry.poolId === poolId && !entry.isHeld);
    return waiting.sort((left, right) => left.priority - right.priority || left.order - right.order);
  }
}
