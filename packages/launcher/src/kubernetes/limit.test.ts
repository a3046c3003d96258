import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createLimit } from './limit.ts';

it('runs so many at once and no more, in order, also after one that fails', async () => {
  const limit = createLimit(2);
  const begun: number[] = [];
  let underWay = 0;
  let most = 0;
  const work = (number: number) => async () => {
    begun.push(number);
    most = Math.max(most, ++underWay);
    await sleep(1);
    underWay -= 1;
    if (number === 1) throw new Error('failed');
    return number;
  };
  const outcomes = await Promise.allSettled([0, 1, 2, 3, 4].map((number) => limit(work(number))));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
});
