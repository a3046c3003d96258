import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { learningRateAt, type Schedule } from './learning-rate.ts';

/** What transformers' Trainer spent every step at, as reference/schedules.py saw it. */
interface Golden {
  schedules: { schedule: Schedule; rates: number[] }[];
}

const { schedules } = JSON.parse(readFileSync(new URL('../reference/schedules.json', import.meta.url), 'utf8')) as Golden;

describe('learningRateAt', () => {
  it.each(schedules)('is that of transformers’ Trainer at every step: $schedule', ({ schedule, rates }) => {
    expect(rates).toHaveLength(schedule.totalSteps);
    for (const [i, rate] of rates.entries()) expect(Math.abs(learningRateAt(i + 1, schedule) - rate)).toBeLessThan(1e-15);
  });

  it('covers every decay with and without a warm-up', () => {
    const seen = new Set(schedules.map(({ schedule: { decay, warmupSteps } }) => `${decay} ${warmupSteps > 0}`));
    expect(seen.size).toBe(6);
  });

  it('starts at zero with a warm-up and at the peak without one', () => {
    const schedule: Schedule = { totalSteps: 10, warmupSteps: 2, learningRate: 1, decay: 'linear' };
    expect([1, 2, 3, 10].map((step) => learningRateAt(step, schedule))).toEqual([0, 0.5, 1, 0.125]);
    expect(learningRateAt(1, { ...schedule, warmupSteps: 0 })).toBe(1);
  });
});
