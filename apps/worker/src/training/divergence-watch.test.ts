import { TrainingDivergedError } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { createDivergenceWatch } from './divergence-watch.ts';

/** The step at which the losses count as diverged; null where they never do. */
function divergesAt(losses: number[]): number | null {
  const watch = createDivergenceWatch();
  for (const [index, loss] of losses.entries()) {
    try {
      watch(index + 1, loss);
    } catch (error) {
      expect(error).toBeInstanceOf(TrainingDivergedError);
      return (error as TrainingDivergedError).step;
    }
  }
  return null;
}

const steady = (steps: number, loss: number) => Array.from({ length: steps }, () => loss);

describe('a loss', () => {
  it('that falls, or stays, or swings around its mean, is fine', () => {
    expect(divergesAt(Array.from({ length: 1_000 }, (_, step) => 9 / (1 + step / 100)))).toBeNull();
    expect(divergesAt(steady(500, 5))).toBeNull();
    expect(divergesAt(Array.from({ length: 500 }, (_, step) => (step % 2 === 0 ? 0.1 : 9)))).toBeNull();
  });

  it('that is bad for some batches only, or rises a little, is fine', () => {
    expect(divergesAt([...steady(100, 2), ...steady(10, 12), ...steady(100, 2)])).toBeNull();
    expect(divergesAt([...steady(100, 2), ...steady(500, 4.9)])).toBeNull();
  });

  it('that stays far above the best mean has diverged, once most of the last 50 steps say so', () => {
    expect(divergesAt([...steady(100, 2), ...steady(200, 6)])).toBe(138);
  });

  it('is not judged before there are 50 steps', () => {
    expect(divergesAt([...steady(10, 1), ...steady(39, 100)])).toBeNull();
  });
});
