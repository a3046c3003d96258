import type { CurveObject, MetricObject } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { alignCurves } from './align-curves.ts';
import { appendMetrics } from './append-metrics.ts';
import { smooth } from './smooth.ts';

const metric = (step: number, loss: number | null, evalLoss: number | null = null): MetricObject => ({
  seq: step,
  step,
  epoch: 0,
  train_loss: loss,
  eval_loss: evalLoss,
  token_accuracy: null,
  learning_rate: null,
  grad_norm: null,
  tokens_per_second: null,
  memory_bytes: null,
  elapsed_seconds: null,
  created_at: 0,
});
const curve = (...losses: [number, number][]): CurveObject =>
  appendMetrics(
    { object: 'fine_tuning.job.curve', steps: 0, data: [] },
    losses.map(([step, loss]) => metric(step, loss)),
  );

describe('smoothing', () => {
  it('leaves a curve alone where it is off', () => {
    expect(smooth([3, 1, 2], 0)).toEqual([3, 1, 2]);
  });

  it('keeps a constant what it is, from the first value on', () => {
    for (const value of smooth([5, 5, 5, 5], 0.9)) expect(value).toBeCloseTo(5, 10);
  });

  it('weighs the past, and leaves gaps as gaps', () => {
    const [first, gap, last] = smooth([0, null, 1], 0.5);
    expect([first, gap]).toEqual([0, null]);
    expect(last).toBeCloseTo(2 / 3, 10);
  });
});

describe('a curve that grows', () => {
  it('takes new steps at its end', () => {
    const grown = appendMetrics(curve([1, 4], [2, 3]), [metric(3, 2), metric(4, 1)]);
    expect([grown.steps, grown.data.map(({ step }) => step)]).toEqual([4, [1, 2, 3, 4]]);
  });

  it('replaces a step that is trained again after a restart', () => {
    const grown = appendMetrics(curve([1, 4], [2, 3]), [metric(2, 2.5)]);
    expect([grown.steps, grown.data.map(({ train_loss }) => train_loss)]).toEqual([2, [4, 2.5]]);
  });
});

describe('curves side by side', () => {
  it('share the steps of all, with gaps where one has none', () => {
    const { steps, values } = alignCurves([curve([1, 4], [3, 2]), curve([2, 5], [3, 1])], ({ train_loss }) => train_loss);
    expect(steps).toEqual([1, 2, 3]);
    expect(values).toEqual([
      [4, null, 2],
      [null, 5, 1],
    ]);
  });
});
