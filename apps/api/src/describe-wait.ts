import { type Expectation, expectStart, type FineTuningJob, isTerminal, type PoolCapacity, type Wait, waitReason } from '@capstan/core';
import type { ApiContext } from './api-context.ts';

type WaitContext = Pick<ApiContext, 'db' | 'lookups' | 'clock'>;

/** Why the job is not running, with its place in the queue and the launcher's words. Costs reads of its own; lists use `describeWaits`. */
export async function describeWait(context: WaitContext, job: FineTuningJob): Promise<Wait | null> {
  const { db, lookups } = context;
  if (job.status === 'running' || isTerminal(job.status)) return null;
  if (job.status !== 'queued') {
    const attempt = job.status === 'starting' ? await db.ledger.get(job.id, job.attempt) : null;
    const launchMessage = attempt?.statusMessage ?? null;
    return explain(context, job, {
      ...UNSEEN,
      launchMessage,
      capacity: launchMessage === null ? null : await db.poolCapacities.get(job.poolId),
    });
  }
  const [place, outlook, reserved] = await Promise.all([
    db.jobs.position(job.id),
    lookups.outlook(job.poolId),
    db.pools.reservedIn(job.poolId),
  ]);
  const ahead = place?.ahead ?? null;
  const work = { id: job.id, workers: job.spec.resources.workers, estimatedSeconds: job.estimate.seconds };
  return explain(context, job, { ...UNSEEN, ahead, eta: ahead === null ? null : expectStart(outlook.work, ahead, work), reserved });
}

/** The same for many jobs at once: what memory knows of their pools. A job far behind in a long queue has no place then. */
export function describeWaits(context: WaitContext, jobs: readonly FineTuningJob[]): Promise<(Wait | null)[]> {
  return Promise.all(
    jobs.map(async (job) => {
      if (job.status !== 'queued') return describeWaitBriefly(context, job);
      const { places } = await context.lookups.outlook(job.poolId);
      return explain(context, job, { ...UNSEEN, ...places.get(job.id) });
    }),
  );
}

/** The same without a look at the queue. */
export async function describeWaitBriefly(context: WaitContext, job: FineTuningJob): Promise<Wait | null> {
  if (job.status === 'running' || isTerminal(job.status)) return null;
  return explain(context, job, UNSEEN);
}

interface Seen {
  ahead: number | null;
  eta: Expectation | null;
  launchMessage: string | null;
  capacity?: PoolCapacity | null;
  /** Absent where what memory knows is good enough. */
  reserved?: number;
}

const UNSEEN: Seen = { ahead: null, eta: null, launchMessage: null };

async function explain({ lookups, clock }: WaitContext, job: FineTuningJob, seen: Seen) {
  return waitReason(job, { ...(await lookups.pool(job.poolId)), ...seen }, clock.now());
}
