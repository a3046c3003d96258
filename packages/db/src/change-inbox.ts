import { type Change, encodeChange, type WrittenChange } from './change.ts';

/** Above this many different changes unread, reading everything again is cheaper than remembering them. */
const CAPACITY = 10_000;

/** Holds changes for one slow reader in bounded memory: equal changes are held once, and an overflow becomes one `resync`. */
export class ChangeInbox {
  readonly #capacity: number;
  readonly #changes = new Map<string, Change>();
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  push(change: Change): void {
    if (this.#changes.size >= this.#capacity) {
      this.#changes.clear();
      this.#changes.set('resync', { kind: 'resync' });
    } else {
      this.#changes.set(change.kind === 'resync' ? 'resync' : encodeChange(change satisfies WrittenChange), change);
    }
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Yields in order of arrival until closed; what is held at that moment is dropped, as the next connection begins with a resync. */
  async *drain(): AsyncGenerator<Change> {
    while (!this.#closed) {
      for (const [key, change] of this.#changes) {
        this.#changes.delete(key);
        yield change;
        if (this.#closed) return;
      }
      if (this.#changes.size === 0 && !this.#closed) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
