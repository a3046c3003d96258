import { ApiException } from '@kubernetes/client-node';

const TRIES = 30;
const PAUSE_MS = 2_000;

/** Asks the API server until it answers: what it refuses is thrown, and so is that it is away for good. */
export async function askAgain<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries === TRIES || isRefusal(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** 429 and 5xx say "later"; without a code, nobody answered. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiException && error.code < 500 && error.code !== 429;
}
