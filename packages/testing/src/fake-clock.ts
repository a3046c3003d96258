import type { Clock } from '@capstan/core';

interface Sleeper {
  wakeAt: number;
  wake: () => void;
}

/** A clock that a test turns by hand: nothing passes until `advance`. */
export class FakeClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(start: Date | string = '2026-01-01T00:00:00.000Z') {
    this.#now = new Date(start).getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** How many wait; lets a test see that a loop has come to rest. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  sleep(ms: number, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper: Sleeper = { wakeAt: this.#now + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Lets `ms` pass: sleepers wake in the order of their instants, each at its own, and what they do at once is done before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.wakeAt);
      next.wake();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  #next(end: number): Sleeper | undefined {
    const due = [...this.#sleepers].filter(({ wakeAt }) => wakeAt <= end);
    return due.sort((left, right) => left.wakeAt - right.wakeAt)[0];
  }
}

/** Until promises that hang on nothing but each other are done. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
