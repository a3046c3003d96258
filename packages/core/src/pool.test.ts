import { expect, it } from 'vitest';
import { placesToKeep } from './pool.ts';

const pool = { paused: false, minReady: 3, maxWorkers: 8 };

it.each([
  ['as many as were asked for', pool, 0, 3],
  ['no more than jobs could still take', pool, 6, 2],
  ['none where the pool was made smaller than what runs', pool, 9, 0],
  ['none in a pool that launches nothing', { ...pool, paused: true }, 0, 0],
])('warm places: %s', (_title, settings, reserved, places) => {
  expect(placesToKeep(settings, reserved)).toBe(places);
});
