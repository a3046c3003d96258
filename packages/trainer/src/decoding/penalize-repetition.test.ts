import { expect, it } from 'vitest';
import { penalizeRepetition } from './penalize-repetition.ts';

it('makes what was said less likely, whatever its sign, however often it was said', () => {
  const scores = Float32Array.of(4, -4, 4, -4);
  penalizeRepetition(scores, [2, 2, 3, 99], 2);
  expect([...scores]).toEqual([4, -4, 2, -8]);
});
