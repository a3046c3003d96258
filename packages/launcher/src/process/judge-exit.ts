import { constants } from 'node:os';
import type { ObservedRank } from '@capstan/core';
import type { ExitRecord } from './run-directory.ts';

const SIGNALS: Record<string, number> = constants.signals;
const KILLED_BY_SIGNAL = 128;
/** V8 says this and aborts (134) when its own heap is full, which no limit of the system shows. */
const HEAP_EXHAUSTED = /JavaScript heap out of memory/;

/** How a rank ended, in the words of the house. A plain exit has no verdict of ours: the rank's own report says why. */
export function judgeExit(exit: ExitRecord, logTail: string[]): Pick<ObservedRank, 'phase' | 'reason' | 'message' | 'exitCode'> {
  const exitCode = exit.exitCode ?? (exit.signal === null ? null : KILLED_BY_SIGNAL + (SIGNALS[exit.signal] ?? 0));
  if (exitCode === 0) return { phase: 'succeeded', reason: null, message: null, exitCode };
  if (exit.verdict === 'memoryLimit') return failed('OOMKilled', exit.message, exitCode);
  if (exit.verdict === 'notStarted') return failed('LaunchFailed', `The worker could not be started: ${exit.message}`, exitCode);
  if (exit.verdict === 'supervisorLost')
    return failed('WorkerKilled', 'The process that guarded the worker was killed, and the worker with it.', exitCode);
  if (exit.verdict === 'stopped') return failed('WorkerKilled', 'The worker was stopped on request.', exitCode);
  if (logTail.some((line) => HEAP_EXHAUSTED.test(line))) return failed('OOMKilled', 'The worker ran out of JavaScript heap.', exitCode);
  if (exit.signal !== null) return failed('WorkerKilled', `The worker was killed by ${exit.signal}.`, exitCode);
  return failed(null, null, exitCode);
}

function failed(reason: ObservedRank['reason'], message: string | null, exitCode: number | null) {
  return { phase: 'failed' as const, reason, message, exitCode };
}
