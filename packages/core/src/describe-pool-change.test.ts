import { describe, expect, it } from 'vitest';
import { describePoolChange } from './describe-pool-change.ts';
import { type Pool, poolSchema } from './pool.ts';

const pool: Pool = { ...poolSchema.parse({ id: 'local', launcher: 'process', maxWorkers: 2 }), version: 1 };
const describeChange = (change: Partial<Pool>, isDrain = false) => describePoolChange(pool, { ...pool, ...change }, { isDrain });

describe('what an operator did to a pool', () => {
  it.each<[string, Partial<Pool>, string]>([
    ['a size', { maxWorkers: 4 }, 'Scaled from 2 to 4 workers.'],
    ['a cordon', { paused: true }, 'Cordoned: nothing more is launched.'],
    [
      'a policy',
      { autoscale: { ...pool.autoscale, enabled: true, floor: 1, ceiling: 4, targetWaitSeconds: 60 } },
      'Autoscaling is on: 1 to 4 workers, so that nobody waits longer than 60 s.',
    ],
    [
      'other settings, without their values',
      { pricePerGpuHour: 3, settings: { secret: 'x' } },
      "Changed: price of a GPU hour, launcher's settings.",
    ],
    ['two things', { maxWorkers: 0, paused: true }, 'Scaled from 2 to 0 workers. Cordoned: nothing more is launched.'],
    ['nothing', { version: pool.version + 1 }, ''],
  ])('tells %s', (_what, change, message) => {
    expect(describeChange(change)).toBe(message);
  });

  it('tells the end of a cordon and of a policy', () => {
    const before = { ...pool, paused: true, autoscale: { ...pool.autoscale, enabled: true } };
    expect(describePoolChange(before, pool, { isDrain: false })).toBe('Uncordoned. Autoscaling is off.');
  });

  it('tells a drain of a pool that was cordoned already', () => {
    expect(describeChange({}, true)).toMatch(/^Drained: /);
    expect(describeChange({ paused: true }, true)).not.toContain('Cordoned');
  });
});
