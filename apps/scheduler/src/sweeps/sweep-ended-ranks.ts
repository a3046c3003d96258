import { isFinished } from '@capstan/core';
import type { RankObservation } from '@capstan/launcher';
import type { ObservedRanks } from '../reconcile/observed-ranks.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import { retireRanks } from './retire-ranks.ts';

const PAGE = 200;
/** Times as long ranks that have succeeded are kept. */
const WHILE_OTHERS_START = 10;

/**
 * Ranks whose attempt is not open in the ledger: the living ones are stopped, the finished ones are removed once their output is kept.
 * The launcher is looked at before the ledger is read, and the intent is written before the launcher is called, so a rank that is about
 * to start always has its row. What is stopped is looked at once more after the ledger: an attempt that has ended there never opens again, and a pass over
 * thousands takes minutes, in which ranks end. Serving workers have a sweep of their own.
 */
export function createEndedRanksSweep(context: SchedulerContext, observed: ObservedRanks): (signal: AbortSignal) => Promise<void> {
  const { db, launcher, launching, clock, logger, metrics, settings } = context;

  const othersStart = () => launching.size > 0 || observed.all().some(({ phase }) => phase === 'pending');

  async function sweepAttempt({ name, jobId }: RankObservation, endedAt: Date | null, keptMs: number): Promise<void> {
    const ranks = observed.ofJob(jobId).filter((rank) => rank.name === name);
    if (ranks.length === 0) return;
    const living = ranks.filter((rank) => !isFinished(rank));
    const sinceEndMs = endedAt === null ? Infinity : clock.now().getTime() - endedAt.getTime();
    if (living.length === 0) {
      // The last words of one that failed are wanted at once, and a drain waits for what leaves. Others wait for those that start, which removals
      // would slow down.
      if (ranks.every(({ phase, isLeaving }) => phase === 'succeeded' && !isLeaving) && sinceEndMs < keptMs) return;
      await retireRanks(name, ranks, context);
      observed.forget({ jobId, name });
      return;
    }
    if (sinceEndMs < settings.exitGraceMs) return;
    await launcher.stop(name, { graceMs: settings.killGraceMs });
    metrics.repairs.inc({ kind: 'orphan_rank_stopped' }, living.length);
    logger.warn({ name, ranks: living.length }, 'ranks without an open attempt were stopped');
  }

  return async (signal) => {
    await observed.refresh({ signal });
    const ofJobs = observed.all().filter(({ kind }) => kind === 'train');
    const attempts = [...new Map(ofJobs.map((rank) => [rank.name, rank])).values()];
    for (let start = 0; start < attempts.length; start += PAGE) {
      const page = attempts.slice(start, start + PAGE);
      const rows = new Map((await db.ledger.facts(page)).map((row) => [`${row.jobId}-a${row.attempt}`, row]));
      const keptMs = settings.keepEndedMs * (othersStart() ? WHILE_OTHERS_START : 1);
      const ended = page.filter(({ name }) => (rows.get(name)?.state ?? 'ended') === 'ended');
      // Side by side, so that the launcher can do with many in one go. One that it cannot let go must not keep the others.
      await Promise.all(
        ended.map((rank) =>
          sweepAttempt(rank, rows.get(rank.name)?.endedAt ?? null, keptMs).catch((error: unknown) =>
            logger.warn({ err: error, name: rank.name }, 'ranks could not be cleared away and will be tried again'),
          ),
        ),
      );
    }
  };
}
