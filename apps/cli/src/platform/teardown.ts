/** One thing that was opened. */
export interface Opened {
  name: string;
  /** Ends it politely; bounded by itself. */
  stop(): Promise<void>;
  /** Ends it at once, without waiting. */
  kill(): void;
}

/** What a platform has opened so far, in order, so that every way out of it closes the same things the other way round. */
export class Teardown {
  readonly #opened: Opened[] = [];
  #stopping: Promise<void> | null = null;
  #onStopped = () => {};

  add(opened: Opened): void {
    this.#opened.push(opened);
  }

  /** `listener` is called once everything has been stopped. */
  onStopped(listener: () => void): void {
    this.#onStopped = listener;
  }

  /** Stops everything, last opened first, even when one of them fails; then throws the first failure. A second call waits for the same end. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** For a second Ctrl-C and for the end of the process: everything at once. */
  kill(): void {
    for (const opened of this.#opened.toReversed()) opened.kill();
  }

  async #stopAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const opened of this.#opened.toReversed()) {
      await opened.stop().catch((error: unknown) => failures.push(error));
    }
    this.#onStopped();
    if (failures.length > 0) throw failures[0];
  }
}
