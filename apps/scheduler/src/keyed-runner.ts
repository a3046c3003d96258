/**
 * Runs `work(key)` for one key at a time and for different keys side by side. Asking again while a key is being worked on makes it run
 * once more afterwards, however often it was asked: the last look at the world always comes after the last event.
 */
export interface KeyedRunner {
  run(key: string): void;
  /** Resolves when nothing runs any more. */
  idle(): Promise<void>;
}

export function createKeyedRunner(work: (key: string) => Promise<void>, onError: (key: string, error: unknown) => void): KeyedRunner {
  const running = new Map<string, { again: boolean; done: Promise<void> }>();

  async function drain(key: string, state: { again: boolean }): Promise<void> {
    do {
      state.again = false;
      await work(key).catch((error: unknown) => onError(key, error));
    } while (state.again);
    running.delete(key);
  }

  return {
    run(key) {
      const current = running.get(key);
      if (current) {
        current.again = true;
        return;
      }
      const state = { again: false, done: Promise.resolve() };
      running.set(key, state);
      state.done = drain(key, state);
    },
    async idle() {
      while (running.size > 0) await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}
