import { type Clock, DeadlineExceededError, UnavailableError } from '@capstan/core';
import { readLastLines } from './log-file.ts';
import type { ServiceProcess } from './service-process.ts';

interface WaitOptions {
  url: string;
  service: ServiceProcess;
  logFile: string;
  clock: Clock;
  fetch: typeof fetch;
  signal: AbortSignal;
}

const POLL_MS = 100;
const REQUEST_TIMEOUT_MS = 5_000;
const READY_TIMEOUT_MS = 90_000;
/** A service that dies this often before it is ready will not get there by being started again. */
const DEATHS_ALLOWED = 3;
const SHOWN_LOG_LINES = 15;

/** Resolves once `url` answers 200. Throws with the end of the log when the service keeps dying, or takes too long. */
export async function waitUntilReady({ url, service, logFile, clock, fetch, signal }: WaitOptions): Promise<void> {
  const giveUpAt = clock.now().getTime() + READY_TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    if (await isReady(url, fetch, signal)) return;
    if (service.deathsInARow >= DEATHS_ALLOWED) throw new UnavailableError(withLog(`The ${service.name} does not start.`, logFile));
    if (clock.now().getTime() > giveUpAt) {
      throw new DeadlineExceededError(withLog(`The ${service.name} is not ready after ${READY_TIMEOUT_MS / 1000} s.`, logFile));
    }
    await clock.sleep(POLL_MS, { signal });
  }
}

async function isReady(url: string, get: typeof fetch, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await get(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

function withLog(message: string, logFile: string): string {
  const lines = readLastLines(logFile, SHOWN_LOG_LINES);
  const log = lines.length === 0 ? '' : ` The last lines of its log:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
  return `${message}${log} The whole log: ${logFile}`;
}
