import { describe, expect, it } from 'vitest';
import { isTerminal, JOB_STATUSES, type JobStatus } from './job-status.ts';
import { JOB_EVENT_TYPES, TRANSITIONS, transition } from './transition.ts';

const allowed: Record<JobStatus, string> = {
  queued: 'launched>starting jobFailed>failed pauseRequested>paused cancelRequested>cancelled',
  starting:
    'workersReady>running attemptFailed>queued jobFailed>failed workersSucceeded>succeeded pauseRequested>pausing cancelRequested>cancelling',
  running: 'attemptFailed>queued jobFailed>failed workersSucceeded>succeeded pauseRequested>pausing cancelRequested>cancelling',
  pausing: 'attemptFailed>paused jobFailed>failed workersSucceeded>succeeded paused>paused cancelRequested>cancelling workersGone>paused',
  paused: 'resumeRequested>queued cancelRequested>cancelled',
  cancelling: 'attemptFailed>cancelled jobFailed>cancelled workersSucceeded>cancelled paused>cancelled workersGone>cancelled',
  succeeded: '',
  failed: '',
  cancelled: '',
};

function reachableFrom(start: JobStatus): Set<JobStatus> {
  const seen = new Set<JobStatus>([start]);
  for (const status of seen) for (const next of Object.values(TRANSITIONS[status])) seen.add(next);
  return seen;
}

describe('transition', () => {
  for (const status of JOB_STATUSES)
    for (const event of JOB_EVENT_TYPES) {
      const target = allowed[status]
        .split(' ')
        .find((cell) => cell.startsWith(`${event}>`))
        ?.split('>')[1];
      it(`${status} ${target ? `becomes ${target}` : 'refuses'} on ${event}`, () => {
        const expected = target ? { ok: true, from: status, to: target } : { ok: false, from: status, event };
        expect(transition(status, event)).toEqual(expected);
      });
    }

  it('reaches every status from queued', () => {
    expect([...reachableFrom('queued')].sort()).toEqual([...JOB_STATUSES].sort());
  });

  it('leads from every status to a terminal one, and never out of it', () => {
    for (const status of JOB_STATUSES) expect([...reachableFrom(status)].some(isTerminal)).toBe(true);
    for (const status of JOB_STATUSES.filter(isTerminal)) expect(TRANSITIONS[status]).toEqual({});
  });
});
