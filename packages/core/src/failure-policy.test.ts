import { describe, expect, it } from 'vitest';
import { backoffMs, FAILURE_RULES, failurePolicy } from './failure-policy.ts';
import { FAILURE_REASONS, type FailureReason } from './failure-reason.ts';

const NOW = new Date('2026-01-01T12:00:00Z');

/** What happens to a job of two attempts: after its first failure, after its second; and what its owner reads. */
type Row = [reason: FailureReason, first: Outcome, second: Outcome, advice: RegExp];
type Outcome = 'again' | 'failed';

const TABLE: Row[] = [
  ['OOMKilled', 'again', 'failed', /micro_batch_size.*more memory/],
  ['BackendOutOfMemory', 'again', 'failed', /micro_batch_size/],
  ['TrainingDiverged', 'failed', 'failed', /learning rate/],
  ['DatasetInvalid', 'failed', 'failed', /file report/],
  ['DatasetMissing', 'failed', 'failed', /Upload the file again/],
  ['ModelInvalid', 'failed', 'failed', /another base model/],
  ['ModelMissing', 'failed', 'failed', /GET \/v1\/models/],
  ['LaunchFailed', 'again', 'failed', /tries again/],
  ['ImagePullFailed', 'again', 'failed', /pull secret/],
  ['HeartbeatLost', 'again', 'failed', /tries again/],
  ['DeadlineExceeded', 'failed', 'failed', /Raise the deadline/],
  ['CheckpointInvalid', 'again', 'failed', /checkpoint before it/],
  ['Evicted', 'again', 'again', /tries again/],
  ['Preempted', 'again', 'again', /tries again/],
  ['NodeLost', 'again', 'again', /tries again/],
  ['GangIncomplete', 'again', 'again', /all workers at once/],
  ['WorkerKilled', 'again', 'failed', /tries again/],
  ['TrainerError', 'again', 'failed', /log lines/],
];

describe('the failure policy', () => {
  it('has a row here for every reason', () => {
    expect(TABLE.map(([reason]) => reason)).toEqual([...FAILURE_REASONS]);
  });

  it.each(TABLE)('%s: first %s, then %s', (reason, first, second, advice) => {
    const failure = { reason, message: 'It went wrong.', exitCode: 137 };
    for (const [failures, expected] of [first, second].entries()) {
      const event = failurePolicy({ failures, maxAttempts: 2 }, failure, NOW, () => 0);
      const notBefore = new Date(NOW.getTime() + 1_000 * 2 ** failures);
      expect(event).toEqual(expected === 'again' ? { type: 'attemptFailed', ...failure, notBefore } : { type: 'jobFailed', ...failure });
    }
    expect(FAILURE_RULES[reason].advice).toMatch(advice);
  });

  it('waits twice as long after each failure, up to five minutes, and never less than half of that', () => {
    const [least, most] = [() => 0, () => 1];
    expect([1, 2, 3, 4].map((failures) => backoffMs(failures, least))).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect([1, 2, 3, 4].map((failures) => backoffMs(failures, most))).toEqual([2_000, 4_000, 8_000, 16_000]);
    expect([backoffMs(50, least), backoffMs(50, most)]).toEqual([150_000, 300_000]);
  });
});
