import { describe, expect, it } from 'vitest';
import type { JobSpec } from './job.ts';
import { fitToMemory, judgeFailure, shrunkMicroBatchSize } from './out-of-memory.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const spec = (microBatchSize: number, batchSize: number) => ({ training: { microBatchSize, batchSize } }) as JobSpec;
const failure = { reason: 'OOMKilled', message: 'Rank 0 was killed.', exitCode: 137 } as const;
const judge = (microBatchSize: number, memoryFailures: number, maxAttempts = 5) =>
  judgeFailure({ failures: memoryFailures, maxAttempts, spec: spec(microBatchSize, 8) }, failure, {
    memoryFailures,
    now: NOW,
    random: () => 0,
  });

describe('running out of memory', () => {
  for (const [microBatchSize, batchSize, failures, expected] of [
    [8, 16, 0, 8],
    [8, 16, 1, 4],
    [8, 16, 2, 2],
    [5, 15, 1, 1],
    [6, 18, 1, 3],
    [1, 8, 1, null],
  ] as const)
    it(`makes ${microBatchSize} of ${batchSize} rows ${expected} after ${failures} failures`, () => {
      expect(shrunkMicroBatchSize({ microBatchSize, batchSize }, failures)).toBe(expected);
    });

  it('is tried again once with half the micro-batch, and says so', () => {
    expect(judge(4, 0)).toMatchObject({ type: 'attemptFailed', reason: 'OOMKilled', notBefore: new Date(NOW.getTime() + 1000) });
    expect(judge(4, 0).message).toBe(
      'Rank 0 was killed. The next attempt runs 2 instead of 4 rows at a time, with 4 accumulated for each step.',
    );
  });

  it('fails the job the second time, and at once where the micro-batch cannot shrink or no attempt is left', () => {
    expect(judge(4, 1)).toMatchObject({ type: 'jobFailed' });
    expect(judge(1, 0)).toMatchObject({ type: 'jobFailed' });
    expect(judge(4, 0, 1)).toMatchObject({ type: 'jobFailed', message: failure.message });
  });

  it('leaves the batch of a step, and the submitted spec, as they are', () => {
    const submitted = spec(8, 16);
    expect(fitToMemory(submitted, 1).training).toEqual({ microBatchSize: 4, batchSize: 16 });
    expect(submitted.training.microBatchSize).toBe(8);
  });
});
