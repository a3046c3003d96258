import { describe, expect, it } from 'vitest';
import { admitJob, countReleasable, launchRefusal, monthOf, NO_QUOTA } from './quota.ts';

const idle = { heldGpus: 0, queuedJobs: 0, spentUsd: 0 };
const job = { gpus: 1, costUsd: 1 };

describe('admission', () => {
  it('is for everything where nothing is limited', () => {
    expect(admitJob(NO_QUOTA, { heldGpus: 1e6, queuedJobs: 1e6, spentUsd: 1e6 }, { gpus: 1e6, costUsd: 1e6 })).toBeNull();
  });

  it('ends with the last job that may wait, and is worth another try', () => {
    const quota = { ...NO_QUOTA, maxQueuedJobs: 2 };
    expect(admitJob(quota, { ...idle, queuedJobs: 1 }, job)).toBeNull();
    expect(admitJob(quota, { ...idle, queuedJobs: 2 }, job)).toMatchObject({
      code: 'rate_limit_exceeded',
      message: expect.stringMatching(/Rate limit reached: 2 jobs/),
    });
  });

  it('ends where the budget would not cover the estimate', () => {
    const quota = { ...NO_QUOTA, monthlyBudgetUsd: 10 };
    expect(admitJob(quota, { ...idle, spentUsd: 9 }, job)).toBeNull();
    const refusal = admitJob(quota, { ...idle, spentUsd: 9.5 }, job);
    expect(refusal).toMatchObject({
      code: 'insufficient_quota',
      message: expect.stringMatching(/^You exceeded your current quota\..*\$0\.50 of the month's \$10\.00 are left/),
    });
  });

  it('is never for a job that could not start even alone', () => {
    expect(admitJob({ ...NO_QUOTA, maxConcurrentGpus: 3 }, idle, { gpus: 4, costUsd: 0 })?.code).toBe('insufficient_quota');
    expect(admitJob({ ...NO_QUOTA, maxConcurrentGpus: 4 }, { ...idle, heldGpus: 4 }, { gpus: 4, costUsd: 0 })).toBeNull();
  });
});

describe('the launch of a job', () => {
  const quota = { ...NO_QUOTA, maxConcurrentGpus: 4 };

  it('waits while its project would hold more than it may', () => {
    expect(launchRefusal(quota, { heldGpus: 3, spentUsd: 0 }, 1)).toBeNull();
    expect(launchRefusal(quota, { heldGpus: 3, spentUsd: 0 }, 2)).toMatch(/needs 2 and its project holds 3 of the 4/);
  });

  it('waits once the budget is spent', () => {
    expect(launchRefusal({ ...NO_QUOTA, monthlyBudgetUsd: 5 }, { heldGpus: 0, spentUsd: 5 }, 1)).toMatch(/spent its budget of \$5\.00/);
  });

  it('is open again for the first ones that fit, and for nobody behind one that does not', () => {
    expect(countReleasable(quota, { heldGpus: 1, spentUsd: 0 }, [1, 1, 1, 1])).toBe(3);
    expect(countReleasable(quota, { heldGpus: 2, spentUsd: 0 }, [1, 2, 1])).toBe(1);
    expect(countReleasable(NO_QUOTA, { heldGpus: 99, spentUsd: 9 }, [1, 2])).toBe(2);
  });
});

it('a month begins at its first midnight, UTC', () => {
  expect(monthOf(new Date('2026-11-28T12:00:00Z')).toISOString()).toBe('2026-11-01T00:00:00.000Z');
});
