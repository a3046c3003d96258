import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAILURE_RULES, failurePolicy } from './failure-policy.ts';
import { FAILURE_REASONS, type FailureReason } from './failure-reason.ts';
import { isActive, isTerminal, JOB_STATUSES, type JobStatus } from './job-status.ts';
import { JOB_EVENT_TYPES, type JobEventType, transition } from './transition.ts';

/** The same sequences at every run; another seed looks at others. */
fc.configureGlobal({ seed: 1, numRuns: 1_000 });

const anyEvent = fc.constantFrom(...JOB_EVENT_TYPES);
const anyEvents = fc.array(anyEvent, { maxLength: 60 });

/** The statuses that a job goes through from `queued`, the first one included; a refused event leaves it where it is. */
function follow(events: readonly JobEventType[], from: JobStatus = 'queued'): JobStatus[] {
  const path = [from];
  for (const event of events) {
    const step = transition(path.at(-1) as JobStatus, event);
    path.push(step.ok ? step.to : step.from);
  }
  return path;
}

const endOf = (events: readonly JobEventType[]) => follow(events).at(-1) as JobStatus;

describe('whatever happens to a job, in whatever order', () => {
  it('it never leaves a terminal status', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const path = follow(events);
        const end = path.findIndex(isTerminal);
        if (end !== -1) expect(new Set(path.slice(end)).size).toBe(1);
      }),
    );
  });

  it('once its cancel is accepted it ends as cancelled or waits for its ranks to go', () => {
    fc.assert(
      fc.property(anyEvents, anyEvents, (before, after) => {
        const accepted = transition(endOf(before), 'cancelRequested');
        fc.pre(accepted.ok);
        expect(['cancelling', 'cancelled']).toContain(accepted.to);
        const path = follow(after, accepted.to);
        expect(path.every((status) => status === 'cancelling' || status === 'cancelled')).toBe(true);
        expect(follow(['workersGone'], path.at(-1)).at(-1)).toBe('cancelled');
      }),
    );
  });

  it('it can be cancelled at any moment before its end', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const status = endOf(events);
        fc.pre(!isTerminal(status) && status !== 'cancelling');
        expect(transition(status, 'cancelRequested').ok).toBe(true);
      }),
    );
  });

  it('it holds no ranks, or holds those of one launch: none is launched before the one before it has ended', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const path = follow(events);
        for (const [index, event] of events.entries()) {
          const [from, to] = [path[index] as JobStatus, path[index + 1] as JobStatus];
          if (!isActive(from) && isActive(to)) expect([from, event]).toEqual(['queued', 'launched']);
          if (isActive(from) && event === 'launched') expect(to).toBe(from);
        }
      }),
    );
  });

  it('an event that is delivered twice in a row does what it does once', () => {
    fc.assert(
      fc.property(anyEvents, anyEvent, (events, event) => {
        expect(endOf([...events, event, event])).toBe(endOf([...events, event]));
      }),
    );
  });

  it('a way leads on: when its ranks end well and its user resumes it, it succeeds or has ended', () => {
    const calm: JobEventType[] = ['paused', 'workersGone', 'resumeRequested', 'launched', 'workersReady', 'workersSucceeded'];
    fc.assert(
      fc.property(anyEvents, (events) => {
        expect(isTerminal(endOf([...events, ...calm]))).toBe(true);
      }),
    );
  });
});

describe('the failure policy over the life of a job', () => {
  const anyReasons = fc.array(fc.constantFrom<FailureReason>(...FAILURE_REASONS), { maxLength: 30 });

  it('pays every retry from the budget that the reason asks for, and waits before it, never for more than five minutes', () => {
    const random = fc.float({ min: 0, max: Math.fround(0.999), noNaN: true });
    fc.assert(
      fc.property(anyReasons, fc.integer({ min: 1, max: 6 }), random, (reasons, maxAttempts, chance) => {
        const now = new Date(0);
        let failures = 0;
        for (const reason of reasons) {
          const event = failurePolicy({ failures, maxAttempts }, { reason, message: '', exitCode: null }, now, () => chance);
          const { retry } = FAILURE_RULES[reason];
          if (retry === 'never') expect(event.type).toBe('jobFailed');
          if (retry === 'free') expect(event.type).toBe('attemptFailed');
          if (event.type === 'jobFailed') return;
          expect(event.notBefore.getTime()).toBeGreaterThanOrEqual(1_000);
          expect(event.notBefore.getTime()).toBeLessThanOrEqual(300_000);
          if (retry === 'budgeted') failures += 1;
          expect(failures).toBeLessThan(maxAttempts);
        }
      }),
    );
  });
});

it('every status is met by some order of events', () => {
  const met = new Set(fc.sample(anyEvents, { numRuns: 2_000, seed: 1 }).flatMap((events) => follow(events)));
  expect([...met].sort()).toEqual([...JOB_STATUSES].sort());
});
