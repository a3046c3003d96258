import type { FineTuningJob } from '@capstan/core';
import { makePool } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestWorld, type TestWorld } from './testing/test-world.ts';

const MINUTE_MS = 60_000;
let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld();
});
afterAll(() => world.close());

const later = (minutes: number) => world.clock.advance(minutes * MINUTE_MS);
const end = ({ id }: FineTuningJob) =>
  world.db.jobs.applyEvent(id, { type: 'workersSucceeded', fineTunedModel: `ft:${id}`, trainedTokens: 1 });

describe('what a pool held over time', () => {
  it('is each span by its average and its peak, in GPUs, the last one as far as it has come', async () => {
    const { id: poolId } = await world.db.pools.ensure(makePool({ id: 'gpus', maxWorkers: 9, gpusPerWorker: 2 }));
    const begin = world.clock.now();
    const [one, two, three] = [await world.submit({ poolId }), await world.submit({ poolId, workers: 2 }), await world.submit({ poolId })];
    await world.launch(one);
    await later(15);
    await world.launch(two);
    await later(10);
    await end(one);
    // At one instant one ends and another begins: no peak.
    await world.launch(three);
    await end(two);
    await later(10);
    const request = { poolId, from: begin, to: world.clock.now(), bucketMs: 10 * MINUTE_MS };
    expect(await world.db.pools.history(request)).toEqual([
      { bucket: 0, average: 2, peak: 2 },
      { bucket: 1, average: 4, peak: 6 },
      { bucket: 2, average: 4, peak: 6 },
      { bucket: 3, average: 2, peak: 2 },
    ]);
    const middle = { ...request, from: new Date(begin.getTime() + 20 * MINUTE_MS), to: new Date(begin.getTime() + 30 * MINUTE_MS) };
    expect(await world.db.pools.history(middle)).toEqual([{ bucket: 0, average: 4, peak: 6 }]);
  });

  it('is nothing in a pool that has run nothing', async () => {
    const [poolId, to] = [await world.addPool(1), world.clock.now()];
    const history = await world.db.pools.history({ poolId, from: new Date(to.getTime() - 20 * MINUTE_MS), to, bucketMs: 10 * MINUTE_MS });
    expect(history).toEqual([0, 1].map((bucket) => ({ bucket, average: 0, peak: 0 })));
  });
});
