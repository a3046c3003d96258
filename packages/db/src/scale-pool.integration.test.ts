import type { FineTuningJob } from '@capstan/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestWorld, type TestWorld } from './testing/test-world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld();
});
afterAll(() => world.close());

const DECISION = { workers: 5, reason: 'QueueWaitsTooLong', message: 'Jobs wait.', actor: 'autoscaler' } as const;

describe('a decision to scale', () => {
  it('changes the pool and says why, together and once, however many decide the same', async () => {
    const { pools, poolEvents } = world.db;
    const pool = await pools.get(await world.addPool(2));
    if (pool === null) throw new Error('no pool');
    const answers = await Promise.all(Array.from({ length: 4 }, () => pools.scale(pool, DECISION)));
    expect(answers.filter((answer) => answer !== null)).toMatchObject([{ id: pool.id, maxWorkers: 5, version: 1 }]);
    const { events } = await poolEvents.list({ poolId: pool.id, limit: 10 });
    const change = { before: { maxWorkers: 2 }, after: { maxWorkers: 5 }, at: world.clock.now() };
    expect(events).toEqual([{ id: events[0]?.id, poolId: pool.id, action: 'pool.scale', ...change, ...withoutWorkers(DECISION) }]);
  });

  it('gives way to an operator who was faster, and leaves no trace then', async () => {
    const { pools, poolEvents } = world.db;
    const pool = await pools.get(await world.addPool(2));
    if (pool === null) throw new Error('no pool');
    await pools.update(pool.id, { pricePerGpuHour: 1 }, 0);
    expect(await pools.scale(pool, DECISION)).toBeNull();
    expect(await poolEvents.list({ poolId: pool.id, limit: 10 })).toEqual({ events: [], hasMore: false });
  });

  it('is listed page by page, newest first', async () => {
    const { pools, poolEvents } = world.db;
    const poolId = await world.addPool(1);
    for (const workers of [2, 3, 4]) {
      const pool = await pools.get(poolId);
      if (pool !== null) await pools.scale(pool, { ...DECISION, workers });
    }
    const sizes = async (after?: string) => {
      const { events, hasMore } = await poolEvents.list({ poolId, limit: 2, after });
      return { last: events.at(-1)?.id, sizes: events.map(({ after: { maxWorkers } }) => maxWorkers), hasMore };
    };
    const first = await sizes();
    expect(first).toMatchObject({ sizes: [4, 3], hasMore: true });
    expect(await sizes(first.last)).toMatchObject({ sizes: [2], hasMore: false });
    expect(await sizes('nonsense')).toMatchObject({ sizes: [], hasMore: false });
  });
});

function withoutWorkers({ workers: _workers, ...decision }: typeof DECISION) {
  return decision;
}

describe('what the autoscaler asks of the ledger', () => {
  const MINUTE_MS = 60_000;
  const facts = async (poolId: string, minutes: number) =>
    world.db.pools.scaleFacts(poolId, new Date(world.clock.now().getTime() - minutes * MINUTE_MS));
  const end = ({ id }: FineTuningJob) =>
    world.db.jobs.applyEvent(id, { type: 'workersSucceeded', fineTunedModel: `ft:${id}`, trainedTokens: 1 });

  it('is the most that was in use at once in a while, and what is now', async () => {
    const poolId = await world.addPool(9);
    expect(await facts(poolId, 5)).toEqual({ inUse: 0, peakInUse: 0, scaledAt: null });
    const [wide, narrow, last] = [
      await world.submit({ poolId, workers: 4 }),
      await world.submit({ poolId }),
      await world.submit({ poolId, workers: 2 }),
    ];
    await world.launch(wide);
    await world.launch(narrow);
    await world.clock.advance(MINUTE_MS);
    await end(wide);
    // Begins at the instant at which the other ends.
    await world.launch(last);
    await world.clock.advance(MINUTE_MS);
    await end(narrow);
    await world.clock.advance(MINUTE_MS);
    expect(await facts(poolId, 5)).toMatchObject({ inUse: 2, peakInUse: 5 });
    expect(await facts(poolId, 1.5)).toMatchObject({ inUse: 2, peakInUse: 3 });
    expect(await facts(poolId, 0.5)).toMatchObject({ inUse: 2, peakInUse: 2 });
  });

  it('is when the size was last changed, by an operator or by itself, and no other change', async () => {
    const poolId = await world.addPool(2);
    const scaled = await world.db.pools.update(poolId, { maxWorkers: 3 }, 0);
    const at = world.clock.now();
    await world.clock.advance(MINUTE_MS);
    await world.db.pools.update(poolId, { minReady: 1 }, scaled.version);
    expect((await facts(poolId, 1)).scaledAt).toEqual(at);
  });
});
