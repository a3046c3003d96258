import { AppError, type FineTuningJob, type Pool } from '@capstan/core';
import { LAUNCH_LATER } from '@capstan/launcher';
import type { SchedulerContext } from '../scheduler-context.ts';
import { buildLaunchSpec, launchName } from './build-launch-spec.ts';
import { failAttempt } from './fail-attempt.ts';

/**
 * Carries out the launch that the ledger intends; calling it twice launches once. A launcher that refuses ends the attempt, which is
 * then tried again with backoff; one that asks for patience leaves the intent as it is, and reconcile repeats it. What a crash leaves behind, line by line:
 * - before `launch`: an intent without ranks, which reconcile launches after the grace period;
 * - between `launch` and `markLaunched`: ranks that live under an intent; reconcile sees them and leaves them alone;
 * - the attempt ended meanwhile (a cancel): ranks without an open ledger row, which the sweep stops.
 */
export async function launchAttempt(intent: Intent, context: SchedulerContext, { signal }: { signal: AbortSignal }): Promise<boolean> {
  const name = launchName(intent.job);
  context.launching.add(name);
  return carryOut(intent, context, signal).finally(() => context.launching.delete(name));
}

interface Intent {
  job: FineTuningJob;
  pool: Pool;
}

async function carryOut({ job, pool }: Intent, context: SchedulerContext, signal: AbortSignal): Promise<boolean> {
  const { db, launcher, metrics, decisions, settings, schedulerAddress, schedulerTls } = context;
  await decisions.settled();
  const logger = context.logger.child({ jobId: job.id, attempt: job.attempt });
  const spec = buildLaunchSpec(job, pool, { workerTokenSecret: settings.workerTokenSecret, schedulerAddress, schedulerTls });
  try {
    await launcher.launch(spec, { signal });
  } catch (error) {
    // A shutdown is no fault of the launch: the intent stands, and whoever comes next carries it out.
    if (signal.aborted) throw error;
    metrics.launches.inc({ outcome: 'refused' });
    logger.warn({ err: error }, 'launch failed');
    const message = `The ranks could not be started: ${error instanceof Error ? error.message : String(error)}`;
    if (error instanceof AppError && error.reason === LAUNCH_LATER) {
      await db.ledger.setStatusMessages([{ jobId: job.id, attempt: job.attempt, message }]);
      return false;
    }
    await failAttempt(job, { reason: 'LaunchFailed', message, exitCode: null }, context);
    await launcher.stop(spec.name, { graceMs: 0 });
    return false;
  }
  await db.jobs.markLaunched(job.id, job.attempt);
  metrics.launches.inc({ outcome: 'launched' });
  logger.info({ workers: job.spec.resources.workers, poolId: pool.id }, 'attempt launched');
  return true;
}
