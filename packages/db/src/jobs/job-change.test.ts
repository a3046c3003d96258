import { isActive, isTerminal, JOB_EVENT_TYPES, JOB_STATUSES, type JobEvent, type JobEventType, transition } from '@capstan/core';
import { makeJob } from '@capstan/testing';
import { describe, expect, it } from 'vitest';
import { describeEvent } from './describe-event.ts';
import { changeOf } from './job-change.ts';

const NOW = new Date('2026-02-01T00:00:00.000Z');
const LATER = new Date('2026-02-01T00:01:00.000Z');
const failure = { reason: 'OOMKilled', message: 'Too big.', exitCode: 137 } as const;

function makeEvent(type: JobEventType): JobEvent {
  if (type === 'attemptFailed') return { type, ...failure, notBefore: LATER };
  if (type === 'jobFailed') return { type, ...failure };
  if (type === 'workersSucceeded') return { type, fineTunedModel: 'ft:x', trainedTokens: 9 };
  return { type };
}

const allowed = JOB_STATUSES.flatMap((status) =>
  JOB_EVENT_TYPES.flatMap((type) => {
    const outcome = transition(status, type);
    return outcome.ok ? [{ status, type, to: outcome.to }] : [];
  }),
);

describe.each(allowed)('$status × $type → $to', ({ status, type, to }) => {
  const job = makeJob({ status, attempt: 1, epoch: 1 });
  const change = changeOf(job, makeEvent(type), to, NOW);

  it('gives each column the value that belongs to its status', () => {
    expect(change.status).toBe(to);
    expect(change.endsAttempt).toBe(isActive(status) && !isActive(to));
    expect(change.finishedAt).toEqual(isTerminal(to) ? NOW : null);
    expect(change.notBefore).toEqual(type === 'attemptFailed' && to === 'queued' ? LATER : null);
    expect(change.queuedAt).toEqual(to === 'queued' ? NOW : job.queuedAt);
    expect(change.fineTunedModel).toBe(to === 'succeeded' ? 'ft:x' : null);
    expect(change.reason !== null).toBe((type === 'attemptFailed' && to === 'queued') || to === 'failed');
    expect(change.failures).toBe(type === 'attemptFailed' ? 1 : 0);
  });

  it('is told in a sentence', () => {
    const { message, data } = describeEvent(job, makeEvent(type), to);
    expect(message).toMatch(/^[A-Z].*[.x]$/);
    expect(data).toMatchObject({ state: to, attempt: 1 });
  });
});
