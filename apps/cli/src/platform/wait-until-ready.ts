import { connect } from 'node:net';
import { type Clock, DeadlineExceededError, UnavailableError } from '@capstan/core';
import { readLastLines } from './log-file.ts';
import type { ServiceProcess } from './service-process.ts';

interface WaitOptions {
  service: ServiceProcess;
  /** Answers whether the service can be used now; never throws. */
  probe: (signal: AbortSignal) => Promise<boolean>;
  clock: Clock;
  signal: AbortSignal;
}

const POLL_MS = 100;
const PROBE_TIMEOUT_MS = 5_000;
const READY_TIMEOUT_MS = 90_000;
/** A service that dies this often before it is ready will not get there by being started again. */
const DEATHS_ALLOWED = 3;
const SHOWN_LOG_LINES = 15;

/** Resolves once the service answers. Throws with the end of its log when it keeps dying, or takes too long. */
export async function waitUntilReady({ service, probe, clock, signal }: WaitOptions): Promise<void> {
  const giveUpAt = clock.now().getTime() + READY_TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    if (service.identity !== null && (await probe(AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)])))) return;
    if (service.deathsInARow >= DEATHS_ALLOWED) throw new UnavailableError(withLog(`The ${service.name} does not start.`, service.logFile));
    if (clock.now().getTime() > giveUpAt) {
      throw new DeadlineExceededError(withLog(`The ${service.name} is not ready after ${READY_TIMEOUT_MS / 1000} s.`, service.logFile));
    }
    await clock.sleep(POLL_MS, { signal });
  }
}

/** Whether `url` answers with a success. */
export async function answersOk(url: string, get: typeof fetch, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await get(url, { signal });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** Whether somebody accepts connections at `host:port`. */
export function acceptsConnections(address: string, signal: AbortSignal): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${address}`);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), signal });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function withLog(message: string, logFile: string): string {
  const lines = readLastLines(logFile, SHOWN_LOG_LINES);
  const log = lines.length === 0 ? '' : ` The last lines of its log:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
  return `${message}${log} The whole log: ${logFile}`;
}
