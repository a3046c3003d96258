import { describe, expect, it } from 'vitest';
import { learningRateAt, type Schedule } from './learning-rate.ts';

const at = (step: number, changes: Partial<Schedule>): number => {
  return learningRateAt(step, { totalSteps: 10, warmupSteps: 2, learningRate: 1, decay: 'linear', ...changes });
};

describe('learningRateAt', () => {
  it.each([
    ['linear', [0.5, 1, 1, 0.875, 0.125]],
    ['cosine', [0.5, 1, 1, 0.9619, 0.0381]],
    ['constant', [0.5, 1, 1, 1, 1]],
  ] as const)('warms up, peaks and decays (%s)', (decay, expected) => {
    for (const [i, step] of [1, 2, 3, 4, 10].entries()) expect(at(step, { decay })).toBeCloseTo(expected[i] as number, 4);
  });

  it('starts at the peak without a warm-up, and never is zero or negative', () => {
    expect(at(1, { warmupSteps: 0 })).toBe(1);
    expect(at(10, { warmupSteps: 0 })).toBeCloseTo(0.1, 12);
    expect(at(10, { warmupSteps: 10 })).toBe(1);
  });
});
