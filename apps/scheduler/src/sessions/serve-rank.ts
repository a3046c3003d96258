import { type FineTuningJob, isActive, type NumberedReport, StaleEpochError } from '@capstan/core';
import type { WorkerSession } from '@capstan/proto';
import { applyToAttempt } from '../attempts/apply-to-attempt.ts';
import { failAttempt } from '../attempts/fail-attempt.ts';
import type { ObservedRanks } from '../reconcile/observed-ranks.ts';
import type { SchedulerContext } from '../scheduler-context.ts';
import type { CheckpointedJobs } from '../sweeps/sweep-old-checkpoints.ts';
import { buildAssignment } from './build-assignment.ts';
import type { Heartbeats } from './heartbeats.ts';
import { recordReports } from './record-reports.ts';
import type { SessionRegistry } from './session-registry.ts';
import { withOwnArtifacts } from './with-own-artifacts.ts';

export interface SessionParts {
  registry: SessionRegistry;
  heartbeats: Heartbeats;
  observed: ObservedRanks;
  checkpointed: CheckpointedJobs;
}

/**
 * Holds one conversation with one rank, from its assignment to its last report. A rank that reconnects, here or at another scheduler,
 * starts again from the top: positions in the database tell what was already stored. Throws a StaleEpochError, which makes the rank
 * stop for good, when its attempt is over.
 */
export async function serveRank(session: WorkerSession, context: SchedulerContext, parts: SessionParts): Promise<void> {
  const { identity } = session;
  const { db, metrics } = context;
  // Entered before the row is read: a stop that is asked for in between finds the session, one before it shows in the row.
  const leave = parts.registry.enter(session);
  try {
    parts.heartbeats.note(identity);
    const job = await db.jobs.get(identity.jobId);
    if (job === null || job.epoch !== identity.epoch || !isActive(job.status))
      throw new StaleEpochError(`Attempt ${identity.attempt} of ${identity.jobId} is over.`);
    await assign(session, job, context);
    const noteReadiness = watchForReadiness(job, session, context, parts.registry);
    await recordReports(withOwnArtifacts(session, job, context), context, {
      heartbeats: parts.heartbeats,
      observed: parts.observed,
      async onRecorded(reports) {
        if (reports.some(({ report }) => report.type === 'checkpoint')) parts.checkpointed.add(job.id);
        await noteReadiness(reports);
      },
    });
  } catch (error) {
    if (error instanceof StaleEpochError) {
      metrics.staleRefused.inc();
      session.command({ type: 'stop', reason: 'stale' });
    }
    throw error;
  } finally {
    leave();
  }
}

async function assign(session: WorkerSession, job: FineTuningJob, context: SchedulerContext): Promise<void> {
  const built = await buildAssignment(job, session.identity.rank, context);
  if (!built.ok) {
    await failAttempt(job, built.failure, context);
    throw new StaleEpochError(built.failure.message);
  }
  session.sendAssignment(built.assignment);
  if (job.status === 'pausing') session.command({ type: 'stop', reason: 'pause' });
  if (job.status === 'cancelling') session.command({ type: 'stop', reason: 'cancel' });
}

/**
 * Says `workersReady` once, when all ranks have reported ready here. Where that was missed, because ranks are connected to different
 * schedulers or this one restarted in between, the first step says it too: a step takes every rank.
 */
function watchForReadiness(job: FineTuningJob, session: WorkerSession, context: SchedulerContext, registry: SessionRegistry) {
  let isRunning = job.status !== 'starting';
  return async (reports: NumberedReport[]) => {
    if (isRunning) return;
    const isReady = reports.some(({ report }) => report.type === 'ready');
    const hasStepped = reports.some(({ report }) => report.type === 'step');
    const readyRanks = isReady ? registry.markReady(session.identity) : 0;
    if (!hasStepped && readyRanks < job.spec.resources.workers) return;
    isRunning = true;
    await applyToAttempt(job, { type: 'workersReady' }, context);
  };
}
