/**
 * Hands pushed items to one consumer in order. After `end` or `fail` the items already pushed are still delivered, then the
 * iteration ends or throws; whatever is pushed later is dropped. A consumer that leaves early drops the rest.
 */
export class AsyncQueue<Item> implements AsyncIterable<Item> {
  readonly #items: Item[] = [];
  readonly #onSize: (size: number) => void;
  #closed: { error: unknown } | null = null;
  #wake: (() => void) | null = null;

  /** `onSize` hears of every change, so that a source can be paused. */
  constructor(onSize: (size: number) => void = () => {}) {
    this.#onSize = onSize;
  }

  push(item: Item): void {
    if (this.#closed) return;
    this.#items.push(item);
    this.#onSize(this.#items.length);
    this.#wake?.();
  }

  end(): void {
    this.fail(undefined);
  }

  /** The first cause is kept. */
  fail(error: unknown): void {
    this.#closed ??= { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    try {
      while (this.#items.length > 0 || !this.#closed) {
        const item = this.#items.shift();
        if (item === undefined) {
          await this.#nextChange();
          continue;
        }
        this.#onSize(this.#items.length);
        yield item;
      }
      if (this.#closed.error !== undefined) throw this.#closed.error;
    } finally {
      this.end();
      this.#items.length = 0;
      this.#onSize(0);
    }
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }
}
