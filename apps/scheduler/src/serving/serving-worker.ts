import { type AppError, type Clock, type GenerateChunk, type GenerateRequest, UnavailableError } from '@capstan/core';
import type { ServingSession } from '@capstan/proto';
import { createLatch } from '../latch.ts';

/** One serving worker as its scheduler sees it: starting until it has dialled in, then answering one request at a time, in order. */
export class ServingWorker {
  readonly name: string;
  readonly startedAt: Date;
  readonly #clock: Clock;
  readonly #attached = createLatch();
  readonly #failure = new AbortController();
  /** All that it may read: what it was ever asked to use. */
  readonly #readable = new Set<string>();
  #session: ServingSession | null = null;
  #lastTurn: Promise<void> = Promise.resolve();
  #load = 0;
  #lastUsedAt: Date;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
    this.startedAt = clock.now();
    this.#lastUsedAt = this.startedAt;
  }

  /** Requests being answered or waiting; an answer that is still being read counts no more. */
  get load(): number {
    return this.#load;
  }

  get lastUsedAt(): Date {
    return this.#lastUsedAt;
  }

  /** Null before it has dialled in. */
  get session(): ServingSession | null {
    return this.#session;
  }

  mayRead(sha256: string): boolean {
    return this.#readable.has(sha256);
  }

  attach(session: ServingSession): void {
    this.#session = session;
    this.#attached.open();
  }

  /** Ends all requests, current and later, with `error`. */
  fail(error: AppError): void {
    this.#failure.abort(error);
  }

  /** Counts as load from the call on, not only once somebody reads. */
  generate(request: GenerateRequest, { signal }: { signal: AbortSignal }): AsyncIterable<GenerateChunk> {
    for (const { sha256 } of [...request.baseModel, ...(request.adapter ?? [])]) this.#readable.add(sha256);
    const before = this.#lastTurn;
    const done = createLatch();
    this.#lastTurn = before.then(() => done.opened);
    this.#load += 1;
    let isOver = false;
    const onEnd = () => {
      if (isOver) return;
      isOver = true;
      this.#load -= 1;
      this.#lastUsedAt = this.#clock.now();
      done.open();
    };
    return this.#answer(request, { before, onEnd, ended: AbortSignal.any([signal, this.#failure.signal]) });
  }

  /** The turn ends with the worker's last word: a caller who reads slowly, or not at all, keeps nobody waiting. */
  async *#answer(request: GenerateRequest, { before, onEnd, ended }: { before: Promise<void>; onEnd: () => void; ended: AbortSignal }) {
    try {
      await untilAborted(Promise.all([this.#attached.opened, before]), ended);
      if (this.#session === null) throw new UnavailableError('The serving worker has gone away.');
      yield* this.#session.generate(request, { signal: ended, onEnd });
    } finally {
      onEnd();
    }
  }
}

/** The promise's value, or the signal's reason if that comes first; leaves no listener behind. */
async function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const aborted = createLatch();
  signal.addEventListener('abort', aborted.open, { once: true });
  try {
    const first = await Promise.race([promise.then((value) => ({ value })), aborted.opened]);
    if (first === undefined) throw signal.reason;
    return first.value;
  } finally {
    signal.removeEventListener('abort', aborted.open);
  }
}
