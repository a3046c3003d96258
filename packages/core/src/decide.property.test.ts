import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AttemptFacts, type DecideContext, decide } from './decide.ts';
import { FAILURE_REASONS } from './failure-reason.ts';
import type { FineTuningJob } from './job.ts';
import { ACTIVE_STATUSES, JOB_STATUSES } from './job-status.ts';
import { isFinished, type ObservedRank } from './observed-rank.ts';
import { transition } from './transition.ts';

/** The same situations at every run; another seed looks at others. */
fc.configureGlobal({ seed: 1, numRuns: 2_000 });

const LIMITS = { launchGraceMs: 10_000, heartbeatTimeoutMs: 60_000, stopGraceMs: 30_000, reportGraceMs: 5_000, gangTimeoutMs: 45_000 };
const LONGEST_MS = Math.max(...Object.values(LIMITS));
const NOW = new Date('2026-01-01T12:00:00.000Z');
const ago = fc.integer({ min: 0, max: 3 * LONGEST_MS }).map((ms) => new Date(NOW.getTime() - ms));

interface Situation {
  job: FineTuningJob;
  ranks: ObservedRank[];
  attempt: AttemptFacts;
  context: DecideContext;
}

/** What decisions look at. */
function makeJob({ status, failures, workers, deadlineSeconds }: JobFacts): FineTuningJob {
  const training = { batchSize: 8, microBatchSize: 4 };
  const job = { status, failures, maxAttempts: 3, createdAt: new Date(NOW.getTime() - 500_000) };
  return { ...job, spec: { deadlineSeconds, training, resources: { workers } } } as unknown as FineTuningJob;
}

interface JobFacts extends Pick<FineTuningJob, 'status' | 'failures'> {
  workers: number;
  deadlineSeconds: number | null;
}

const anyRank = (rank: number): fc.Arbitrary<ObservedRank> =>
  fc
    .record({
      phase: fc.constantFrom('pending', 'running', 'succeeded', 'failed'),
      reason: fc.constantFrom(null, ...FAILURE_REASONS),
      exitCode: fc.constantFrom(null, 0, 1, 137, 143),
      placedAt: fc.option(ago),
      startedAt: ago,
      finishedAt: ago,
    })
    .map(({ phase, reason, exitCode, placedAt, startedAt, finishedAt }) => {
      const hasFailed = phase === 'failed';
      const times = {
        placedAt: phase === 'pending' ? placedAt : startedAt,
        startedAt: phase === 'pending' ? null : startedAt,
        finishedAt: isFinished({ phase }) ? finishedAt : null,
      };
      return {
        rank,
        phase,
        reason: hasFailed ? reason : null,
        exitCode: hasFailed ? exitCode : null,
        ...times,
        message: null,
        logTail: [],
      };
    });

function situations(statuses: readonly FineTuningJob['status'][]): fc.Arbitrary<Situation> {
  return fc.integer({ min: 1, max: 3 }).chain((workers) =>
    fc
      .record({
        status: fc.constantFrom(...statuses),
        failures: fc.nat(3),
        seen: fc.subarray(Array.from({ length: workers }, (_, rank) => rank)).chain((ranks) => fc.tuple(...ranks.map(anyRank))),
        heartbeats: fc.dictionary(fc.constantFrom(...Array.from({ length: workers }, (_, rank) => String(rank))), ago),
        deadlineSeconds: fc.option(fc.integer({ min: 1, max: 1_000 })),
        intendedAt: ago,
        launchedAt: fc.option(ago),
        stopRequestedAt: fc.option(ago),
        memoryFailures: fc.nat(2),
        listeningSince: ago,
      })
      .map(({ status, failures, seen, heartbeats, deadlineSeconds, listeningSince, ...facts }) => ({
        job: makeJob({ status, failures, workers, deadlineSeconds }),
        ranks: seen,
        attempt: {
          ...facts,
          heartbeats: new Map(Object.entries(heartbeats).map(([rank, at]) => [Number(rank), at])),
        },
        context: { now: NOW, random: () => 0.5, listeningSince, limits: LIMITS },
      })),
  );
}

const look = ({ job, ranks, attempt, context }: Situation, laterMs = 0) =>
  decide(job, ranks, attempt, { ...context, now: new Date(context.now.getTime() + laterMs) });

describe('in any situation', () => {
  it('only events that the table allows are decided, and none for a job that holds no ranks', () => {
    fc.assert(
      fc.property(situations(JOB_STATUSES), (situation) => {
        const { event, actions } = look(situation);
        const { status } = situation.job;
        if (event !== undefined) expect(transition(status, event.type).ok).toBe(true);
        if (!(ACTIVE_STATUSES as readonly string[]).includes(status)) expect({ event, actions }).toEqual({ event: undefined, actions: [] });
      }),
    );
  });

  it('the same look decides the same', () => {
    fc.assert(
      fc.property(situations(ACTIVE_STATUSES), (situation) => {
        expect(look(situation)).toEqual(look(situation));
      }),
    );
  });

  it('nothing is launched again of which any rank has ever spoken or started, where every rank is seen, nor beside an end', () => {
    fc.assert(
      fc.property(situations(ACTIVE_STATUSES), (situation) => {
        const { event, actions } = look(situation);
        if (!actions.includes('relaunch')) return;
        expect(situation.attempt.heartbeats.size).toBe(0);
        const isSeenWhole = situation.ranks.length === situation.job.spec.resources.workers;
        // A launch that was cut off may have made every rank, but not all that they wait for.
        if (isSeenWhole) expect(situation.attempt.launchedAt).toBeNull();
        if (isSeenWhole) expect(situation.ranks.every(({ phase }) => phase === 'pending')).toBe(true);
        expect(['starting', 'running']).toContain(situation.job.status);
        expect({ event, actions }).toEqual({ event: undefined, actions: ['relaunch'] });
      }),
    );
  });

  it('silence is held against nobody before somebody could have heard it for the whole of the timeout', () => {
    fc.assert(
      fc.property(situations(['starting', 'running']), (situation) => {
        const { event } = look(situation);
        if (event === undefined || !('reason' in event) || !['HeartbeatLost', 'NodeLost'].includes(event.reason)) return;
        // A launcher may have a word of its own for a rank that has exited.
        if (situation.ranks.some(({ phase }) => phase === 'failed')) return;
        expect(NOW.getTime() - situation.context.listeningSince.getTime()).toBeGreaterThan(LIMITS.heartbeatTimeoutMs);
      }),
    );
  });
});

describe('a job does not hang', () => {
  it('once every rank has ended, for whatever reason, its attempt ends within the grace of a report', () => {
    fc.assert(
      fc.property(situations(ACTIVE_STATUSES), (situation) => {
        const { workers } = situation.job.spec.resources;
        fc.pre(situation.ranks.length === workers && situation.ranks.every(isFinished));
        expect(look(situation, LIMITS.reportGraceMs + 1).event).toBeDefined();
      }),
    );
  });

  it('that was asked to stop, and whose ranks do not, is forced after the grace', () => {
    fc.assert(
      fc.property(situations(['pausing', 'cancelling']), (situation) => {
        fc.pre(situation.attempt.stopRequestedAt !== null && situation.ranks.some((rank) => !isFinished(rank)));
        expect(look(situation, LONGEST_MS + 1).actions).toContain('stop');
      }),
    );
  });

  it('that runs and is not heard of any more ends its attempt, or begins it again where nobody has ever spoken', () => {
    fc.assert(
      fc.property(situations(['starting', 'running']), (situation) => {
        // Pending ranks may wait for a node for as long as it takes.
        fc.pre(situation.ranks.every(({ phase }) => phase !== 'pending'));
        const { event, actions } = look(situation, LONGEST_MS + 1);
        expect(event !== undefined || actions.includes('relaunch')).toBe(true);
      }),
    );
  });
});
