import type { Failure, FailureReason } from './failure-reason.ts';

/** What a launcher sees of one rank, as far as decisions need it; never remembered, always looked at again. */
export interface ObservedRank {
  rank: number;
  phase: 'pending' | 'running' | 'succeeded' | 'failed';
  /**
   * The launcher's own verdict, e.g. `OOMKilled` or `Evicted`; null where it has none. Of a rank that still runs it says what is about to end it, or
   * that its machine is silent.
   */
  reason: FailureReason | null;
  message: string | null;
  exitCode: number | null;
  /** Since when it holds a place on a machine; null while it waits for one. */
  placedAt: Date | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** The last lines of output of a rank that failed, oldest first. */
  logTail: string[];
}

/** Exit statuses from here on mean "killed by signal (status − 128)", as in every shell. */
const KILLED_BY_SIGNAL = 128;
const SHOWN_CHARACTERS = 500;

export function isFinished({ phase }: Pick<ObservedRank, 'phase'>): boolean {
  return phase === 'succeeded' || phase === 'failed';
}

/** Why a rank that ended without reporting failed, as far as its exit tells; the last line of output is quoted. */
export function failureFromExit(observed: Omit<ObservedRank, 'phase' | 'placedAt' | 'startedAt' | 'finishedAt'>): Failure {
  const { exitCode } = observed;
  const wasKilled = exitCode === null || exitCode > KILLED_BY_SIGNAL;
  const reason = observed.reason ?? (wasKilled ? 'WorkerKilled' : 'TrainerError');
  return { reason, exitCode, message: `${observed.message ?? describeExit(observed.rank, exitCode)}${quoteLastLine(observed.logTail)}` };
}

function describeExit(rank: number, exitCode: number | null): string {
  if (exitCode === null) return `Rank ${rank} vanished without an exit status.`;
  if (exitCode > KILLED_BY_SIGNAL) return `Rank ${rank} was killed by signal ${exitCode - KILLED_BY_SIGNAL}.`;
  return `Rank ${rank} exited with status ${exitCode} without reporting why.`;
}

function quoteLastLine(logTail: string[]): string {
  const line = logTail.findLast((candidate) => candidate.trim() !== '')?.trim();
  return line === undefined ? '' : ` Its last output: ${line.slice(0, SHOWN_CHARACTERS)}`;
}
