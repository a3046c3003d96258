import { type Clock, UnavailableError } from '@capstan/core';

export interface WhenReachableOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Told of every try that met no server. */
  onAway: (error: UnavailableError) => void;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5_000;

/** Does `work`, which may be begun again at any point, until Postgres is there for all of it. Whatever else is wrong is thrown. */
export async function whenReachable<Result>(work: () => Promise<Result>, options: WhenReachableOptions): Promise<Result> {
  const { clock, signal, onAway } = options;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      onAway(error);
    }
    await clock.sleep(delayMs, { signal });
  }
}
