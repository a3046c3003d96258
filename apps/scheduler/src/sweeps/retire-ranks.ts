import type { RankObservation } from '@capstan/launcher';
import type { SchedulerContext } from '../scheduler-context.ts';

/** The end of a rank's output that is kept: enough for a stack trace, small enough for a row each. */
const KEPT_BYTES = 16_384;
const KEPT_LINES = 100;

/**
 * Keeps the last output of ranks that failed in the job's log, then lets the launcher forget all of them; what a rank that ended well had to
 * say, it has reported. Dying in between keeps the output twice, which is better than not at all.
 */
export async function retireRanks(name: string, ranks: RankObservation[], context: SchedulerContext): Promise<void> {
  const { db, launcher, metrics, clock, logger } = context;
  for (const { jobId, attempt, rank, finishedAt } of ranks.filter(({ phase }) => phase === 'failed')) {
    const output = await launcher.readLog(name, rank, { tailBytes: KEPT_BYTES });
    const at = finishedAt ?? clock.now();
    const lines = output.split('\n').filter((line) => line.trim() !== '');
    if (lines.length > 0)
      await db.logs.append(lines.slice(-KEPT_LINES).map((message) => ({ jobId, attempt, rank, level: 'error' as const, message, at })));
  }
  await launcher.remove(name);
  metrics.removals.inc({ kind: 'finished_rank' }, ranks.length);
  logger.debug({ name }, 'finished ranks removed');
}
