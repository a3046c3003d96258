import type { Launcher } from '@capstan/launcher';
import { hasTestRedis } from '@capstan/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { makeWorld, type World } from '../testing/make-world.ts';
import { RANKLESS_LAUNCHER } from '../testing/rankless-launcher.ts';

const FLAVOURS = hasTestRedis() ? (['redis', 'postgres'] as const) : (['postgres'] as const);
const JOBS = 300;
const SLOTS = 20;

describe.each(FLAVOURS)('two schedulers at one queue on %s', { timeout: 180_000 }, (queueOn) => {
  let world: World;
  afterEach(() => world.close());

  /** Ranks that are done as soon as they are launched, and leave nothing to look at. */
  function instantRanks(launches: string[]): Launcher {
    return {
      ...RANKLESS_LAUNCHER,
      launch: async ({ name, jobId }) => {
        launches.push(name);
        await world.db.jobs.applyEvent(jobId, { type: 'workersSucceeded', fineTunedModel: `ft:${jobId}`, trainedTokens: 1 });
      },
    };
  }

  it(`dispatch each of ${JOBS} jobs once, never more at a time than there are slots`, async () => {
    world = await makeWorld({ queueOn, maxWorkers: SLOTS });
    const launches: string[][] = [[], []];
    const settings = { dispatchIntervalMs: 50 };
    await Promise.all(launches.map((own) => world.startScheduler({ settings, launcher: instantRanks(own) })));
    const jobIds: string[] = [];
    for (let batch = 0; batch < 10; batch += 1)
      jobIds.push(...(await Promise.all(Array.from({ length: JOBS / 10 }, () => world.submit({ script: 'steps 1' })))));
    let most = 0;
    const countOfSucceeded = async () => {
      most = Math.max(most, (await world.db.pools.usage('local')).reserved);
      return (await world.db.jobs.list({ states: ['succeeded'], limit: JOBS + 1 })).jobs.length;
    };
    await expect.poll(countOfSucceeded, { timeout: 150_000, interval: 20 }).toBe(JOBS);
    expect(launches.flat().sort()).toEqual(jobIds.map((jobId) => `${jobId}-a1`).sort());
    expect(most).toBeLessThanOrEqual(SLOTS);
    await expect.poll(() => world.queue.counts('local'), { timeout: 30_000 }).toEqual({ waiting: 0, delayed: 0, active: 0 });
  });

  it('let the ranks of a gang meet at the one that launched them', async () => {
    world = await makeWorld({ queueOn, maxWorkers: 4 });
    await Promise.all([world.startScheduler(), world.startScheduler()]);
    const jobIds = await Promise.all(Array.from({ length: 6 }, () => world.submit({ script: 'gang 8', workers: 2, maxAttempts: 1 })));
    for (const jobId of jobIds) {
      expect(await world.until(jobId, 'succeeded', 120_000)).toMatchObject({ attempt: 1, failures: 0 });
      const steps = (await world.db.metrics.list(jobId, { limit: 100 })).map(({ step }) => step);
      expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    }
  });
});
