import { describe, expect, it } from 'vitest';
import type { FineTuningJob } from './job.ts';
import { JOB_STATUSES, type JobStatus } from './job-status.ts';
import { type WaitFacts, waitReason } from './wait-reason.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const FACTS: WaitFacts = {
  pool: { id: 'gpu', maxWorkers: 4, paused: false },
  reserved: 0,
  ahead: 0,
  eta: { p50: 1_200, p90: 1_800 },
  launchMessage: null,
};

function job(status: JobStatus, change: Partial<FineTuningJob> = {}): FineTuningJob {
  const spec = { resources: { workers: 1, gpusPerWorker: 1, memoryMiB: null } };
  return { id: 'ftjob-1', status, attempt: 1, notBefore: null, message: null, holdMessage: null, spec, ...change } as FineTuningJob;
}

const reasonOf = (facts: Partial<WaitFacts>, change: Partial<FineTuningJob> = {}) =>
  waitReason(job('queued', change), { ...FACTS, ...facts }, NOW);

describe('waitReason', () => {
  it('every status that is neither running nor terminal has a reason and words for it', () => {
    const waiting = JOB_STATUSES.filter((status) => waitReason(job(status), FACTS, NOW) !== null);
    expect(waiting).toEqual(['queued', 'starting', 'pausing', 'paused', 'cancelling']);
    for (const status of waiting) expect(waitReason(job(status), FACTS, NOW)?.message.length).toBeGreaterThan(10);
  });

  it('names those ahead, with a position from 1 and a time', () => {
    expect(reasonOf({ ahead: 8 })).toEqual({
      reason: 'QueuedBehindOthers',
      message: '8 jobs of pool gpu go first.',
      position: 9,
      ahead: 8,
      eta: { p50: 1_200, p90: 1_800 },
    });
    expect(reasonOf({ ahead: 1 })?.message).toBe('1 job of pool gpu goes first.');
  });

  it('the first in the queue of a full pool waits for capacity', () => {
    expect(reasonOf({ reserved: 4 })).toMatchObject({ reason: 'NoCapacity', position: 1, ahead: 0, eta: FACTS.eta });
  });

  it('a job that is larger than its pool waits for an operator, whoever is ahead', () => {
    const spec = { resources: { workers: 5, gpusPerWorker: 1, memoryMiB: null } } as FineTuningJob['spec'];
    expect(reasonOf({ ahead: 3 }, { spec })).toMatchObject({ reason: 'NoCapacity', eta: null });
  });

  it('a paused pool comes before everything else', () => {
    const pool = { ...FACTS.pool, paused: true };
    expect(reasonOf({ pool, ahead: 3 }, { notBefore: new Date(NOW.getTime() + 5_000) })).toMatchObject({
      reason: 'PoolPaused',
      position: 4,
    });
  });

  it('a project that holds all that it may is named with its limit, and the job has no place in the queue', () => {
    expect(reasonOf({ ahead: 3 }, { holdMessage: 'The project holds 2 of 2 GPUs.' })).toEqual({
      reason: 'QuotaExceeded',
      message: 'The project holds 2 of 2 GPUs.',
      position: null,
      ahead: null,
      eta: null,
    });
  });

  it('a backoff tells how long, and why', () => {
    const backingOff = reasonOf(
      { eta: { p50: 1, p90: 1_800 } },
      { notBefore: new Date(NOW.getTime() + 4_200), message: 'The worker died.' },
    );
    expect(backingOff).toMatchObject({
      reason: 'BackingOff',
      eta: { p50: 5, p90: 1_800 },
      message: 'The worker died. Attempt 2 starts in 5 s at the earliest.',
    });
    expect(reasonOf({}, { notBefore: NOW })?.reason).toBe('Launching');
  });

  it('nobody looked at the queue: no place, and no promise that it is next', () => {
    const unseen = { ahead: null, eta: null };
    expect(reasonOf(unseen)).toMatchObject({ reason: 'QueuedBehindOthers', position: null, ...unseen });
  });

  it('the words of the launcher are passed on', () => {
    const full = { ...FACTS, launchMessage: 'Unschedulable: 0/3 nodes.', capacity: { slots: 8, nodes: 2, closedNodes: 1 } };
    expect(waitReason(job('starting'), full, NOW)?.message).toMatch(
      /^Unschedulable: 0\/3 nodes\. The 2 nodes of pool .* room for 8 workers in all, 1 node more is cordoned or not ready; .* the cluster grows\.$/,
    );
    expect(waitReason(job('starting'), { ...FACTS, launchMessage: '0/3 nodes have a free GPU' }, NOW)?.message).toMatch(/0\/3 nodes/);
  });
});
