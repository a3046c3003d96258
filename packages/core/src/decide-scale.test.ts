import { describe, expect, it } from 'vitest';
import { autoscalePolicySchema } from './autoscale-policy.ts';
import { decideScale, type ScaleOutlook } from './decide-scale.ts';

const NOW = new Date('2026-01-01T12:00:00.000Z');
const POLICY = autoscalePolicySchema.parse({ enabled: true, targetWaitSeconds: 300, floor: 1, ceiling: 8, coolDownSeconds: 60 });
const secondsAgo = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000);

interface Changes extends Partial<Omit<ScaleOutlook, 'pool'>> {
  maxWorkers?: number;
  paused?: boolean;
  policy?: Partial<ScaleOutlook['pool']['autoscale']>;
}

function look({ maxWorkers = 2, paused = false, policy = {}, ...changes }: Changes) {
  const pool = { maxWorkers, paused, autoscale: { ...POLICY, ...policy } };
  return decideScale({ pool, running: [], queued: [], inUse: 0, peakInUse: 0, scaledAt: null, now: NOW, ...changes });
}

const running = (seconds: number, workers = 1) => ({ id: 'running', workers, seconds });
const waiting = (seconds: number, workers = 1, waitedSeconds = 0) => ({ id: 'waiting', workers, seconds, waitedSeconds });
const busy = { maxWorkers: 1, running: [running(900)], inUse: 1, peakInUse: 1 };

describe('the autoscaler grows a pool', () => {
  it('to the smallest size that keeps the target', () => {
    const queued = [waiting(400), waiting(400), waiting(200), waiting(200)];
    expect(look({ ...busy, queued })).toEqual({
      workers: 4,
      reason: 'QueueWaitsTooLong',
      message: 'With 1 worker jobs wait up to 32 min, and the target is 5 min: 4 workers make it 200 s.'.replace('200 s', '3 min'),
    });
  });

  it('so that a job starts at once that has waited for the target already, also behind one that overruns its estimate', () => {
    expect(look({ ...busy, running: [running(0)], queued: [waiting(10, 1, 301)] })).toMatchObject({ workers: 2 });
  });

  it('to the width of a gang that does not fit', () => {
    expect(look({ ...busy, queued: [waiting(10, 4)] })).toMatchObject({
      workers: 5,
      message: expect.stringContaining('wider than the pool'),
    });
  });

  it('no further than the ceiling, and only as far as it helps', () => {
    expect(look({ ...busy, queued: Array.from({ length: 50 }, () => waiting(900)) })).toMatchObject({ workers: 8 });
    // Beside the running job there is room for one gang of three and no more.
    const gangs = [waiting(900, 5, 400), waiting(900, 5, 400)];
    expect(look({ ...busy, queued: gangs })).toMatchObject({ workers: 6 });
  });

  it('not for a wait below the target, nor for a job that is wider than the ceiling, but for those that pass it', () => {
    expect(look({ ...busy, running: [running(299)], queued: [waiting(900)] })).toBeNull();
    expect(look({ ...busy, queued: [waiting(10, 9)] })).toBeNull();
    expect(look({ ...busy, queued: [waiting(10, 9), waiting(10)] })).toMatchObject({ workers: 2 });
  });
});

describe('the autoscaler shrinks a pool', () => {
  const idle = { maxWorkers: 6 };

  it('to what was used in the cool-down, and says so', () => {
    expect(look({ ...idle, inUse: 1, peakInUse: 3 })).toEqual({
      workers: 3,
      reason: 'Idle',
      message: 'No job waits, and no more than 3 workers were in use in the last 60 s.',
    });
  });

  it('to the floor and never below', () => {
    expect(look(idle)).toMatchObject({ workers: 1, message: 'No job waits, and no worker was in use in the last 60 s.' });
    expect(look({ maxWorkers: 1 })).toBeNull();
  });

  it('not while a job waits that could start', () => {
    expect(look({ ...idle, queued: [waiting(5)] })).toBeNull();
  });
});

describe('the autoscaler leaves a pool alone', () => {
  const late = { ...busy, queued: [waiting(900, 1, 900)] };

  it.each([
    ['whose policy is off', { policy: { enabled: false } }],
    ['that is cordoned', { paused: true }],
    ['whose size was changed less than the cool-down ago', { scaledAt: secondsAgo(59) }],
  ])('%s', (_what, changes) => {
    expect(look({ ...late, ...changes })).toBeNull();
    expect(look({ ...late, scaledAt: secondsAgo(60) })).not.toBeNull();
  });
});

describe('the bounds of the policy', () => {
  it('hold at once, without a cool-down', () => {
    expect(look({ maxWorkers: 0, scaledAt: NOW })).toEqual({
      workers: 1,
      reason: 'BelowFloor',
      message: 'The policy keeps at least 1 worker.',
    });
    expect(look({ maxWorkers: 9, scaledAt: NOW })).toMatchObject({ workers: 8, reason: 'AboveCeiling' });
  });

  it('take no slot from a job that runs', () => {
    expect(look({ maxWorkers: 12, inUse: 10, scaledAt: NOW })).toEqual({
      workers: 10,
      reason: 'AboveCeiling',
      message: 'The policy allows at most 8 workers; 10 are in use.',
    });
    expect(look({ maxWorkers: 10, inUse: 10, peakInUse: 10 })).toBeNull();
  });
});
