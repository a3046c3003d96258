import type { Pool } from '@capstan/core';
import { afterEach, describe, expect, it } from 'vitest';
import { countOf } from './testing/count-of.ts';
import { makeWorld, type World } from './testing/make-world.ts';

const PATIENT = { timeout: 40_000, interval: 50 };

describe('a pool with a policy', { timeout: 90_000 }, () => {
  let world: World;
  afterEach(() => world.close());

  async function setPolicy(policy: Partial<Pool['autoscale']>, patch: Partial<Pool> = {}): Promise<void> {
    const pool = await world.db.pools.get('local');
    if (pool === null) throw new Error('no pool');
    const autoscale = { ...pool.autoscale, enabled: true, targetWaitSeconds: 0, floor: 1, ceiling: 3, coolDownSeconds: 1, ...policy };
    await world.db.pools.update('local', { ...patch, autoscale }, pool.version);
  }
  const sizes = async () => {
    const { events } = await world.db.poolEvents.list({ poolId: 'local', limit: 50 });
    return events.map(({ before, after, reason }) => ({ from: before.maxWorkers, to: after.maxWorkers, reason })).reverse();
  };

  it('grows for its queue and shrinks when nothing is left, decided once by two schedulers', async () => {
    world = await makeWorld({ maxWorkers: 1 });
    const schedulers = [await world.startScheduler(), await world.startScheduler()];
    await setPolicy({});
    const jobIds = [];
    for (let count = 0; count < 3; count += 1) jobIds.push(await world.submit({ script: 'endless' }));
    for (const jobId of jobIds) await world.until(jobId, 'running');
    for (const jobId of jobIds) await world.db.jobs.applyEvent(jobId, { type: 'cancelRequested' });
    for (const jobId of jobIds) await world.until(jobId, 'cancelled');
    await expect.poll(async () => (await world.db.pools.get('local'))?.maxWorkers, PATIENT).toBe(1);
    const made = await sizes();
    // One at a time or both together, as the submissions fell; each change begins where the one before ended.
    expect(made[0]).toMatchObject({ from: 1, reason: 'QueueWaitsTooLong' });
    for (const [index, { from }] of made.slice(1).entries()) expect(from).toBe(made[index]?.to);
    expect(Math.max(...made.map(({ to }) => to))).toBe(3);
    expect(made.at(-1)).toMatchObject({ to: 1, reason: 'Idle' });
    const counted = await Promise.all(schedulers.map(({ metrics }) => countOf(metrics.poolScalings, { pool: 'local' })));
    expect(counted.reduce((sum, count) => sum + count)).toBe(made.length);
  });

  it('is left alone while it is cordoned, and while its policy is off', async () => {
    world = await makeWorld({ maxWorkers: 1 });
    await world.startScheduler();
    await setPolicy({ floor: 2 }, { paused: true });
    await world.db.pools.ensure({ ...((await world.db.pools.get('local')) as Pool), id: 'other', paused: false });
    await expect.poll(async () => (await world.db.pools.get('other'))?.maxWorkers, PATIENT).toBe(2);
    expect(await sizes()).toEqual([]);
    await setPolicy({ enabled: false, floor: 2 }, { paused: false });
    await setPolicy({ floor: 2 });
    await expect.poll(sizes, PATIENT).toEqual([{ from: 1, to: 2, reason: 'BelowFloor' }]);
  });
});
