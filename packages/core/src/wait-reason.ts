import type { Expectation } from './expect-starts.ts';
import type { FineTuningJob } from './job.ts';
import type { PoolCapacity } from './pool.ts';

/** Why a job is not running: a closed set, for programs. */
export const WAIT_REASONS = [
  'QueuedBehindOthers',
  'NoCapacity',
  'PoolPaused',
  'BackingOff',
  'QuotaExceeded',
  'PausedByUser',
  'PoolDrained',
  'Launching',
  'Pausing',
  'Cancelling',
] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

export interface Wait {
  reason: WaitReason;
  message: string;
  /** Place in the queue, from 1; null where the job is not in it. */
  position: number | null;
  ahead: number | null;
  /** Seconds until it starts; null where that cannot be told. */
  eta: Expectation | null;
}

/** What is known about a job's surroundings at `now`. */
export interface WaitFacts {
  pool: { id: string; maxWorkers: number; paused: boolean };
  /** Slots that other jobs hold. */
  reserved: number;
  /** Jobs before it in the pool's queue; null where nobody looked. */
  ahead: number | null;
  /** When the forecast of the pool starts it; null where it does not, or nobody looked. */
  eta: Expectation | null;
  /** The launcher's own words, e.g. "0/3 nodes have a free GPU"; null where it said nothing. */
  launchMessage: string | null;
  /** What the cluster could hold of the pool; left out where nobody looked. */
  capacity?: PoolCapacity | null;
}

/** Why the job waits, or null for a job that runs or has ended. */
export function waitReason(job: FineTuningJob, facts: WaitFacts, now: Date): Wait | null {
  switch (job.status) {
    case 'queued':
      return queuedReason(job, facts, now);
    case 'starting':
      return notQueued('Launching', describeLaunch(job, facts));
    case 'pausing':
      return notQueued('Pausing', 'The ranks finish their step and save a checkpoint.');
    case 'paused':
      if (job.isDrained)
        return notQueued(
          'PoolDrained',
          `Pool ${facts.pool.id} was drained: the job goes on from its checkpoint when an operator uncordons the pool.`,
        );
      return notQueued('PausedByUser', 'The job was paused. Resume it to queue it again; it goes on from its last checkpoint.');
    case 'cancelling':
      return notQueued('Cancelling', 'The ranks are being stopped.');
    case 'running':
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return null;
  }
}

/** Nodes are the cluster's affair: what it lacks, its autoscaler adds, or its operator. */
function describeLaunch({ attempt }: FineTuningJob, { pool, launchMessage, capacity }: WaitFacts): string {
  if (launchMessage === null) return `Attempt ${attempt} is being launched in pool ${pool.id}.`;
  if (!capacity || !launchMessage.startsWith('Unschedulable')) return launchMessage;
  const closed =
    capacity.closedNodes === 0
      ? ''
      : `, ${count(capacity.closedNodes, 'node')} more ${capacity.closedNodes === 1 ? 'is' : 'are'} cordoned or not ready`;
  const room = `The ${count(capacity.nodes, 'node')} of pool ${pool.id} ${capacity.nodes === 1 ? 'has' : 'have'} room for ${count(capacity.slots, 'worker')} in all${closed}`;
  return `${launchMessage} ${room}; the job starts when others end or the cluster grows.`;
}

/** The most lasting obstacle is named first: a paused pool outlives a backoff, and a backoff outlives a full pool. */
function queuedReason(job: FineTuningJob, facts: WaitFacts, now: Date): Wait {
  const { pool, ahead } = facts;
  const place = { position: ahead === null ? null : ahead + 1, ahead };
  const workers = job.spec.resources.workers;
  if (pool.paused) {
    return { reason: 'PoolPaused', message: `Pool ${pool.id} is paused: an operator must resume it.`, ...place, eta: null };
  }
  if (workers > pool.maxWorkers) {
    const message = `The job needs ${count(workers, 'worker')} and pool ${pool.id} has ${pool.maxWorkers}: scale the pool up.`;
    return { reason: 'NoCapacity', message, ...place, eta: null };
  }
  if (job.holdMessage !== null) return notQueued('QuotaExceeded', job.holdMessage);
  const backoffMs = job.notBefore ? job.notBefore.getTime() - now.getTime() : 0;
  if (backoffMs > 0) {
    const seconds = Math.ceil(backoffMs / 1000);
    const message = `${job.message ?? 'The last attempt failed.'} Attempt ${job.attempt + 1} starts in ${seconds} s at the earliest.`;
    return { reason: 'BackingOff', message, ...place, eta: notBefore(seconds, facts.eta) };
  }
  const { eta } = facts;
  if (ahead !== null && ahead > 0) {
    return {
      reason: 'QueuedBehindOthers',
      message: `${count(ahead, 'job')} of pool ${pool.id} ${ahead === 1 ? 'goes' : 'go'} first.`,
      ...place,
      eta,
    };
  }
  if (facts.reserved + workers > pool.maxWorkers) {
    const message = `Pool ${pool.id} is full: ${facts.reserved} of ${pool.maxWorkers} slots are taken and the job needs ${workers}.`;
    return { reason: 'NoCapacity', message, ...place, eta };
  }
  if (ahead === null) return { reason: 'QueuedBehindOthers', message: `The job waits in pool ${pool.id}.`, ...place, eta };
  return { reason: 'Launching', message: 'The job is next: the scheduler is about to launch it.', ...place, eta };
}

function notBefore(seconds: number, eta: Expectation | null): Expectation {
  return { p50: Math.max(seconds, eta?.p50 ?? 0), p90: Math.max(seconds, eta?.p90 ?? 0) };
}

function notQueued(reason: WaitReason, message: string): Wait {
  return { reason, message, position: null, ahead: null, eta: null };
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
