import { isFinished } from '@capstan/core';
import type { RankObservation } from '@capstan/launcher';
import { launchName } from './attempts/build-launch-spec.ts';
import { failAttempt } from './attempts/fail-attempt.ts';
import type { SchedulerContext } from './scheduler-context.ts';

const POLL_MS = 50;
/** After the grace the launcher forces; this is for the force to arrive. */
const FORCE_MARGIN_MS = 3_000;

/**
 * Asks every rank that lives to end, and waits until none does: each finishes its step, saves a checkpoint and reports, which puts its job
 * back into the queue. A job whose rank had to be forced goes back too, from an earlier checkpoint, and it costs none of its attempts: the
 * machine is to blame. Nothing else may launch ranks meanwhile.
 */
export async function drainRanks(context: SchedulerContext, graceMs: number): Promise<void> {
  const { launcher, clock, logger } = context;
  const living = await listLiving(context);
  const names = new Set(living.map(({ name }) => name));
  if (names.size === 0) return;
  logger.info({ ranks: living.length }, 'stopping all ranks before the machine goes down');
  for (const name of names) await launcher.stop(name, { graceMs });
  const giveUpAt = clock.now().getTime() + graceMs + FORCE_MARGIN_MS;
  while ((await listLiving(context)).length > 0 && clock.now().getTime() < giveUpAt) await clock.sleep(POLL_MS);
  for (const jobId of new Set(living.filter(({ kind }) => kind === 'train').map((rank) => rank.jobId)))
    await releaseJob(jobId, names, context);
}

async function listLiving({ launcher }: SchedulerContext): Promise<RankObservation[]> {
  const { signal } = new AbortController();
  return (await launcher.list({ signal })).filter((rank) => !isFinished(rank));
}

/** A rank that reported in time has ended its attempt already, and then there is nothing left to do. */
async function releaseJob(jobId: string, drained: Set<string>, context: SchedulerContext): Promise<void> {
  const job = await context.db.jobs.get(jobId);
  if (job === null || !drained.has(launchName(job))) return;
  const message = 'The machine was shut down before the ranks had saved a checkpoint.';
  await failAttempt(job, { reason: 'Preempted', message, exitCode: null }, context);
}
