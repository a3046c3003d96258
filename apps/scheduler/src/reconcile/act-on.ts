import type { DecidedAction, Decision, FineTuningJob } from '@capstan/core';
import { applyToAttempt } from '../attempts/apply-to-attempt.ts';
import { launchName } from '../attempts/build-launch-spec.ts';
import { launchAttempt } from '../attempts/launch-attempt.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';

interface ActOptions {
  registry: SessionRegistry;
  signal: AbortSignal;
}

/**
 * Carries out a decision: first its event, then, if that still held, its actions. Dying in between is harmless: after the event the
 * ranks belong to no open attempt, and the sweep stops them.
 */
export async function actOn(job: FineTuningJob, decision: Decision, context: SchedulerContext, options: ActOptions): Promise<void> {
  if (decision.event !== undefined && !(await applyToAttempt(job, decision.event, context))) return;
  for (const action of decision.actions) await ACTIONS[action](job, context, options);
}

const ACTIONS: Record<DecidedAction, (job: FineTuningJob, context: SchedulerContext, options: ActOptions) => Promise<unknown>> = {
  relaunch: async (job, context, { signal }) => {
    if (context.launching.has(launchName(job))) return;
    const pool = await context.db.pools.get(job.poolId);
    if (pool === null) return;
    context.metrics.repairs.inc({ kind: 'launch_repeated' });
    await launchAttempt({ job, pool }, context, { signal });
  },
  commandStop: async (job, _context, { registry }) =>
    registry.command(job.id, { type: 'stop', reason: job.status === 'pausing' ? 'pause' : 'cancel' }),
  stop: (job, { launcher, settings }) => launcher.stop(launchName(job), { graceMs: settings.killGraceMs }),
};
