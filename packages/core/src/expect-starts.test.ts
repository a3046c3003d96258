import { describe, expect, it } from 'vitest';
import { expectStart, expectStarts, measurePace, type PoolWork, type RunningWork, type WaitingWork } from './expect-starts.ts';

const waiting = (id: string, estimatedSeconds = 100): WaitingWork => ({ id, workers: 1, estimatedSeconds });
const running = (change: Partial<RunningWork> = {}): RunningWork => ({ ...waiting('r'), elapsedSeconds: 0, secondsLeft: null, ...change });
const pool: PoolWork = { maxWorkers: 1, paused: false, running: [], queued: [], pace: { p50: 1, p90: 2 } };

describe('the pace of a pool', () => {
  it('is the median and the ninth decile of what jobs took for each estimated second', () => {
    const ended = Array.from({ length: 10 }, (_, index) => ({ tookSeconds: (index + 1) * 10, estimatedSeconds: 10 }));
    expect(measurePace(ended)).toEqual({ p50: 6, p90: 10 });
  });

  it('is the estimate, and half as long again, before anything has ended', () => {
    expect(measurePace([])).toEqual({ p50: 1, p90: 1.5 });
    expect(measurePace([{ tookSeconds: 5, estimatedSeconds: 0 }])).toEqual({ p50: 1, p90: 1.5 });
  });
});

describe('expected starts', () => {
  it('are likely and slow at the pace of the pool', () => {
    const queued = [waiting('a'), waiting('b')];
    expect(expectStarts({ ...pool, running: [running()], queued })).toEqual([
      { p50: 100, p90: 200 },
      { p50: 200, p90: 400 },
    ]);
  });

  it('believe what a running job reports of itself, whatever its estimate said', () => {
    expect(expectStarts({ ...pool, running: [running({ secondsLeft: 7 })], queued: [waiting('a')] })).toEqual([{ p50: 7, p90: 7 }]);
    expect(expectStarts({ ...pool, running: [running({ elapsedSeconds: 90 })], queued: [waiting('a')] })).toEqual([{ p50: 10, p90: 110 }]);
  });

  it('are null where nothing starts', () => {
    expect(expectStarts({ ...pool, paused: true, queued: [waiting('a')] })).toEqual([null]);
  });
});

describe('the start of one job', () => {
  const queued = [waiting('a'), waiting('b'), waiting('c')];

  it('is that of its place, whether the queue that is known holds it or not', () => {
    expect(expectStart({ ...pool, queued }, 2, waiting('c'))).toEqual(expectStarts({ ...pool, queued })[2]);
    expect(expectStart({ ...pool, queued }, 0, waiting('new'))).toEqual({ p50: 0, p90: 0 });
  });

  it('goes on at the rate of the head behind what is known of the queue', () => {
    expect(expectStart({ ...pool, queued }, 30, waiting('far'))).toEqual({ p50: 3_000, p90: 6_000 });
  });
});
