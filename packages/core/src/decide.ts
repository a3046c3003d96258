import { deadlineFailure } from './deadline.ts';
import type { Failure } from './failure-reason.ts';
import type { FineTuningJob } from './job.ts';
import { failureFromExit, isFinished, type ObservedRank } from './observed-rank.ts';
import { judgeFailure } from './out-of-memory.ts';
import type { JobEvent } from './transition.ts';

/** What the ledger knows of the current attempt. */
export interface AttemptFacts {
  intendedAt: Date;
  /** When the launcher had made all that the ranks need; null until that is recorded. */
  launchedAt: Date | null;
  /** The last sign of life of each rank that has ever spoken. Once one has, the same attempt cannot start over. */
  heartbeats: ReadonlyMap<number, Date>;
  /** When pause or cancel was asked for. */
  stopRequestedAt: Date | null;
  /** Earlier attempts that ran out of memory. */
  memoryFailures: number;
}

/** How long things may take, in milliseconds. */
export interface DecideLimits {
  /** From the intent to the first sight of every rank. */
  launchGraceMs: number;
  /** Silence of a rank after which it counts as lost. */
  heartbeatTimeoutMs: number;
  /** From the stop command to force. */
  stopGraceMs: number;
  /** From the clean exit of every rank to its report. */
  reportGraceMs: number;
  /** How long some ranks of a gang may hold places while others find none. */
  gangTimeoutMs: number;
}

export interface DecideContext {
  now: Date;
  random: () => number;
  /** Silence before this instant proves nothing: nobody was there to listen. */
  listeningSince: Date;
  limits: DecideLimits;
}

/** `relaunch` repeats the launch of the same attempt; `commandStop` asks the ranks; `stop` lets the launcher end them. */
export type DecidedAction = 'relaunch' | 'commandStop' | 'stop';

export interface Decision {
  event?: JobEvent;
  actions: DecidedAction[];
}

/**
 * What to do next about one active job, given its ranks as they are seen now. Pure; acting on the same decision twice is harmless,
 * because events are refused once applied and every action is idempotent. The ranks must be looked at *before* the row is read:
 * a rank exits only after its last report was committed, so a finished rank of a still active row has really said nothing.
 */
export function decide(job: FineTuningJob, ranks: ObservedRank[], attempt: AttemptFacts, context: DecideContext): Decision {
  switch (job.status) {
    case 'starting':
    case 'running':
      return decideRunning(job, ranks, attempt, context);
    case 'pausing':
    case 'cancelling':
      return decideStopping(ranks, attempt, context);
    case 'queued':
    case 'paused':
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return { actions: [] };
  }
}

function decideRunning(job: FineTuningJob, ranks: ObservedRank[], attempt: AttemptFacts, context: DecideContext): Decision {
  const { now, limits, random } = context;
  const late = deadlineFailure(job, now);
  if (late !== null) return { event: { type: 'jobFailed', ...late }, actions: ['stop'] };
  // A launch that was cut off may have left every rank, and not all that they wait for: whoever comes next carries it out in full.
  const isUnlaunched = ranks.length < job.spec.resources.workers || (attempt.launchedAt === null && ranks.every(isPending));
  if (isUnlaunched && attempt.heartbeats.size === 0)
    return { actions: elapsedMs(attempt.intendedAt, now) > limits.launchGraceMs ? ['relaunch'] : [] };
  const failure =
    findExit(ranks) ??
    findIncompleteGang(ranks, context) ??
    findSilentEnd(job, ranks, context) ??
    findLostRank(job, ranks, attempt, context);
  if (failure === null) return { actions: [] };
  return { event: judgeFailure(job, failure, { memoryFailures: attempt.memoryFailures, now, random }), actions: ['stop'] };
}

function decideStopping(ranks: ObservedRank[], attempt: AttemptFacts, context: DecideContext): Decision {
  const { now, limits } = context;
  // A launch may be under way this very moment; its ranks are stopped when they show.
  const isAwaited = ranks.length === 0 && attempt.heartbeats.size === 0;
  if (isAwaited && elapsedMs(attempt.intendedAt, now) <= limits.launchGraceMs) return { actions: [] };
  if (ranks.every(isFinished)) return { event: { type: 'workersGone' }, actions: [] };
  const isOverdue = attempt.stopRequestedAt !== null && elapsedMs(attempt.stopRequestedAt, now) > limits.stopGraceMs;
  // A machine that is dead may keep a rank from ending for as long as it likes. What might still run there belongs to an epoch that is over.
  const isOver =
    isOverdue && ranks.every((rank) => isFinished(rank) || (rank.phase === 'running' && isSilent(rank.rank, rank, attempt, context)));
  if (isOver) return { event: { type: 'workersGone' }, actions: ['stop'] };
  // A rank that never spoke has no step to finish and no checkpoint to save.
  return { actions: isOverdue || attempt.heartbeats.size === 0 ? ['commandStop', 'stop'] : ['commandStop'] };
}

/** The first that failed is the cause; the others of its gang were ended because of it. */
function findExit(ranks: ObservedRank[]): Failure | null {
  const failed = ranks.filter(({ phase }) => phase === 'failed').sort(byEnd)[0];
  return failed === undefined ? null : failureFromExit(failed);
}

function byEnd(a: ObservedRank, b: ObservedRank): number {
  return (a.finishedAt?.getTime() ?? Number.POSITIVE_INFINITY) - (b.finishedAt?.getTime() ?? Number.POSITIVE_INFINITY) || a.rank - b.rank;
}

/** All ranks start, or none: those that hold places are of no use to anybody while another waits for one. */
function findIncompleteGang(ranks: ObservedRank[], { now, limits }: DecideContext): Failure | null {
  const waiting = ranks.filter((rank) => isPending(rank) && rank.placedAt === null);
  const placed = ranks.flatMap(({ placedAt }) => (placedAt === null ? [] : [placedAt.getTime()]));
  if (waiting.length === 0 || placed.length === 0 || now.getTime() - Math.max(...placed) <= limits.gangTimeoutMs) return null;
  const why = waiting.find(({ message }) => message !== null)?.message;
  const wait = `${waiting.length} of ${ranks.length} workers found no place within ${Math.round(limits.gangTimeoutMs / 1000)} s`;
  return { reason: 'GangIncomplete', message: `${wait}, so the others gave theirs back.${why ? ` ${why}` : ''}`, exitCode: null };
}

function findSilentEnd(job: FineTuningJob, ranks: ObservedRank[], { now, limits }: DecideContext): Failure | null {
  const hasEnded = ranks.length >= job.spec.resources.workers && ranks.every(({ phase }) => phase === 'succeeded');
  if (!hasEnded || ranks.some(({ finishedAt }) => finishedAt !== null && elapsedMs(finishedAt, now) <= limits.reportGraceMs)) return null;
  return { reason: 'TrainerError', message: 'Every rank exited cleanly, but none reported a result.', exitCode: 0 };
}

/** The first rank that should be alive, and is silent. Pending ranks may wait for a node or an image for as long as it takes. */
function findLostRank(job: FineTuningJob, ranks: ObservedRank[], attempt: AttemptFacts, context: DecideContext): Failure | null {
  const { heartbeatTimeoutMs } = context.limits;
  const observed = new Map(ranks.map((rank) => [rank.rank, rank]));
  for (let rank = 0; rank < job.spec.resources.workers; rank += 1) {
    const seen = observed.get(rank);
    if ((seen !== undefined && seen.phase !== 'running') || !isSilent(rank, seen, attempt, context)) continue;
    const silence = `has not been heard of for ${Math.round(heartbeatTimeoutMs / 1000)} s`;
    if (seen === undefined) return { reason: 'NodeLost', message: `Rank ${rank} vanished and ${silence}.`, exitCode: null };
    const isMachineLost = seen.reason === 'NodeLost';
    const why = isMachineLost && seen.message !== null ? ` ${seen.message}` : '';
    return { reason: isMachineLost ? 'NodeLost' : 'HeartbeatLost', message: `Rank ${rank} ${silence}.${why}`, exitCode: null };
  }
  return null;
}

function isSilent(
  rank: number,
  seen: ObservedRank | undefined,
  attempt: AttemptFacts,
  { now, listeningSince, limits }: DecideContext,
): boolean {
  const heardAt = attempt.heartbeats.get(rank) ?? seen?.startedAt ?? attempt.intendedAt;
  return now.getTime() - Math.max(heardAt.getTime(), listeningSince.getTime()) > limits.heartbeatTimeoutMs;
}

function isPending({ phase }: ObservedRank): boolean {
  return phase === 'pending';
}

function elapsedMs(from: Date, to: Date): number {
  return to.getTime() - from.getTime();
}
