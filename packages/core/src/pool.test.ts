import { expect, it } from 'vitest';
import { autoscalePolicySchema } from './autoscale-policy.ts';
import { placesToKeep, widthRefusal } from './pool.ts';

const pool = { paused: false, minReady: 3, maxWorkers: 8 };

it.each([
  ['as many as were asked for', pool, 0, 3],
  ['no more than jobs could still take', pool, 6, 2],
  ['none where the pool was made smaller than what runs', pool, 9, 0],
  ['none in a pool that launches nothing', { ...pool, paused: true }, 0, 0],
])('warm places: %s', (_title, settings, reserved, places) => {
  expect(placesToKeep(settings, reserved)).toBe(places);
});

it.each([
  ['fits a pool of its size', 2, false, 2, null],
  ['is too wide for a smaller one', 2, false, 3, 'The job needs 3 workers and pool gpu has at most 2'],
  ['may wait for a pool that grows', 2, true, 8, null],
  ['is too wide for what a pool grows to', 2, true, 9, 'The job needs 9 workers and pool gpu has at most 8'],
  ['fits a pool that is larger than its policy lets it grow, as long as it is', 9, true, 9, null],
  ['may wait for a pool that is closed for now', 0, false, 3, null],
])('a job %s', (_title, maxWorkers, enabled, workers, refusal) => {
  const autoscale = autoscalePolicySchema.parse({ enabled, ceiling: 8 });
  expect(widthRefusal({ id: 'gpu', maxWorkers, autoscale }, workers)).toBe(refusal);
});
