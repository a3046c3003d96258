import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, ConnectionError } from '@capstan/client';

/** Asks the API until it answers. */
export interface Insist {
  <Answer>(ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer>;
  /** Answers that no outage excuses: a server that knows of one says 503. */
  readonly faults: string[];
}

const ANSWER_MS = 15_000;
const RETRY_MS = 250;
/** Far beyond any outage of a run; what takes longer is a fault. */
const PATIENCE_MS = 180_000;

/** Waits out lost connections, late answers and 503; a refusal is thrown, and so is an outage that never ends. */
export function createInsist(): Insist {
  const faults: string[] = [];
  const insist = async <Answer>(ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> => {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await ask(AbortSignal.timeout(ANSWER_MS));
      } catch (error) {
        if (error instanceof ApiError && error.status >= 500 && error.status !== 503) faults.push(`${error.status}: ${error.message}`);
        if (!isOutage(error) || performance.now() > giveUpAt) throw error;
      }
      await sleep(RETRY_MS);
    }
  };
  return Object.assign(insist, { faults });
}

/** Whether the API refused for good: what was asked for is too late, or wrong. */
export function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status < 500 && error.status !== 429;
}

function isOutage(error: unknown): boolean {
  if (error instanceof ApiError) return !isRefusal(error);
  return error instanceof ConnectionError || (error instanceof DOMException && error.name === 'TimeoutError');
}
