import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AutoscalePolicy, autoscalePolicySchema } from './autoscale-policy.ts';
import { decideScale, type ScaleDecision } from './decide-scale.ts';

/** The same loads at every run; another seed looks at others. */
fc.configureGlobal({ seed: 1, numRuns: 100 });

/** Seconds between two looks of the autoscaler. */
const LOOK_EVERY = 10;
const START = Date.parse('2026-01-01T00:00:00.000Z');

interface Arrival {
  at: number;
  workers: number;
  seconds: number;
}
interface Change extends ScaleDecision {
  at: number;
  from: number;
  inUse: number;
}

/** A pool played forward second by second: jobs come, start strictly in order, and end; the autoscaler looks now and then. */
function play(policy: AutoscalePolicy, size: number, { arrivals, until }: { arrivals: readonly Arrival[]; until: number }): Change[] {
  let maxWorkers = size;
  let scaledAt: Date | null = null;
  let running: (Arrival & { endsAt: number })[] = [];
  const queue: Arrival[] = [];
  const changes: Change[] = [];
  /** Workers in use, second by second. */
  const used: number[] = [];
  const inUse = () => running.reduce((sum, { workers }) => sum + workers, 0);
  const pending = [...arrivals].sort((a, b) => a.at - b.at);
  for (let second = 0; second < until; second += 1) {
    running = running.filter(({ endsAt }) => endsAt > second);
    while ((pending[0]?.at ?? Number.POSITIVE_INFINITY) <= second) queue.push(pending.shift() as Arrival);
    while (queue[0] !== undefined && inUse() + queue[0].workers <= maxWorkers) {
      const job = queue.shift() as Arrival;
      running.push({ ...job, endsAt: second + job.seconds });
    }
    used.push(inUse());
    if (second % LOOK_EVERY !== 0) continue;
    const now = new Date(START + second * 1_000);
    const decision = decideScale({
      ...{ scaledAt, now, pool: { maxWorkers, paused: false, autoscale: policy } },
      running: running.map(({ workers, endsAt }) => ({ id: 'running', workers, seconds: endsAt - second })),
      queued: queue.slice(0, 200).map(({ at, ...job }) => ({ id: 'waiting', ...job, waitedSeconds: second - at })),
      inUse: inUse(),
      peakInUse: Math.max(...used.slice(-policy.coolDownSeconds - 1)),
    });
    if (decision === null) continue;
    changes.push({ ...decision, at: second, from: maxWorkers, inUse: inUse() });
    maxWorkers = decision.workers;
    scaledAt = now;
  }
  return changes;
}

const policies = fc
  .record({ targetWaitSeconds: fc.nat(300), floor: fc.nat(4), above: fc.nat(16), coolDownSeconds: fc.integer({ min: 30, max: 300 }) })
  .map(({ above, floor, ...policy }) => autoscalePolicySchema.parse({ enabled: true, floor, ceiling: floor + above, ...policy }));
const jobs = fc.record({ at: fc.nat(1_500), workers: fc.integer({ min: 1, max: 4 }), seconds: fc.integer({ min: 1, max: 600 }) });

describe('whatever comes to a pool', () => {
  it('its size keeps to the bounds and above what is in use, and changes once in a cool-down at most', () => {
    fc.assert(
      fc.property(policies, fc.nat(24), fc.array(jobs, { maxLength: 60 }), (policy, size, arrivals) => {
        const changes = play(policy, size, { arrivals, until: 2_400 });
        const { floor, ceiling, coolDownSeconds } = policy;
        for (const [index, { workers, from, inUse, reason, message, at }] of changes.entries()) {
          expect(workers).toBeGreaterThanOrEqual(Math.max(floor, Math.min(inUse, from)));
          expect(workers).toBeLessThanOrEqual(Math.max(ceiling, inUse));
          expect(workers > from).toBe(reason === 'QueueWaitsTooLong' || reason === 'BelowFloor');
          expect(workers).not.toBe(from);
          expect(message).not.toMatch(/NaN|Infinity|undefined/);
          const last = changes[index - 1];
          if (last !== undefined && reason !== 'AboveCeiling') expect(at - last.at).toBeGreaterThanOrEqual(coolDownSeconds);
        }
      }),
    );
  });

  it('everything that the ceiling lets start has started in the end, and the pool has gone back to its floor', () => {
    fc.assert(
      fc.property(policies, fc.array(jobs, { maxLength: 20 }), (policy, arrivals) => {
        fc.pre(policy.ceiling >= 4);
        const end = 1_500 + 20 * 600 + 10 * policy.coolDownSeconds;
        const changes = play(policy, policy.ceiling, { arrivals, until: end });
        expect(changes.at(-1)?.workers ?? policy.ceiling).toBe(policy.floor);
      }),
      { numRuns: 20 },
    );
  });
});

describe('under a steady load', () => {
  const loads = fc.record({
    everySeconds: fc.integer({ min: 5, max: 60 }),
    seconds: fc.integer({ min: 1, max: 200 }),
    workers: fc.integer({ min: 1, max: 3 }),
  });

  it('a pool finds its size and keeps it', () => {
    fc.assert(
      fc.property(policies, fc.nat(24), loads, (policy, size, { everySeconds, seconds, workers }) => {
        // Where a job comes less often than once in a cool-down, the pool is idle in between.
        fc.pre(everySeconds <= policy.coolDownSeconds);
        const settled = 4 * seconds + 30 * policy.coolDownSeconds;
        const until = settled + 20 * policy.coolDownSeconds;
        const arrivals = Array.from({ length: Math.ceil(until / everySeconds) }, (_, index) => ({
          at: index * everySeconds,
          workers,
          seconds,
        }));
        const changes = play(policy, size, { arrivals, until });
        expect(changes.filter(({ at }) => at > settled)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});
