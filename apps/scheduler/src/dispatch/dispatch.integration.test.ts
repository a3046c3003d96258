import { hasTestRedis } from '@capstan/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { countOf } from '../testing/count-of.ts';
import { makeWorld, type World } from '../testing/make-world.ts';

const FLAVOURS = hasTestRedis() ? (['redis', 'postgres'] as const) : (['postgres'] as const);

describe.each(FLAVOURS)('dispatch from a queue on %s', { timeout: 120_000 }, (queueOn) => {
  let world: World;
  afterEach(() => world.close());

  it('launches 30 jobs exactly once each on 3 slots, with two schedulers at it', async () => {
    world = await makeWorld({ queueOn, maxWorkers: 3 });
    const settings = { dispatchIntervalMs: 50 };
    await Promise.all([world.startScheduler({ settings }), world.startScheduler({ settings })]);
    const jobIds = await Promise.all(Array.from({ length: 30 }, () => world.submit({ script: 'steps 2' })));
    let most = 0;
    let succeeded = 0;
    while (succeeded < jobIds.length) {
      most = Math.max(most, (await world.db.pools.usage('local')).reserved);
      succeeded = (await world.db.jobs.list({ states: ['succeeded', 'failed'], limit: 100 })).jobs.length;
    }
    expect(most).toBe(3);
    const attempts = (await Promise.all(jobIds.map((jobId) => world.db.ledger.listForJob(jobId)))).flat();
    expect(attempts.filter(({ reason }) => reason !== null)).toEqual([]);
    expect([...world.launches].sort()).toEqual(jobIds.map((jobId) => `${jobId}-a1`).sort());
    const starts = await Promise.all(jobIds.map((jobId) => world.db.logs.list(jobId, { limit: 10 })));
    expect(starts.map((lines) => lines.filter(({ message }) => message.startsWith('starts')).length)).toEqual(jobIds.map(() => 1));
    expect((await world.db.jobs.list({ states: ['succeeded'], limit: 100 })).jobs).toHaveLength(30);
  });

  it('keeps a gang of two waiting until both fit, and lets nobody overtake it', async () => {
    world = await makeWorld({ queueOn, maxWorkers: 2 });
    await world.startScheduler();
    const small = await world.submit({ script: 'endless' });
    await world.until(small, 'running');
    const gang = await world.submit({ script: 'steps 30', workers: 2 });
    const behind = await world.submit({ script: 'steps 1' });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect([await world.db.jobs.get(gang), await world.db.jobs.get(behind)]).toMatchObject([{ status: 'queued' }, { status: 'queued' }]);
    await world.db.jobs.applyEvent(small, { type: 'cancelRequested' });
    await world.until(gang, 'running');
    expect(await world.db.pools.usage('local')).toMatchObject({ reserved: 2 });
    await world.until(gang, 'succeeded');
    await world.until(behind, 'succeeded');
  });

  it('runs those behind a job that is wider than the pool has become, and the job itself once the pool has grown', async () => {
    world = await makeWorld({ queueOn, maxWorkers: 1 });
    const wide = await world.submit({ script: 'steps 1', workers: 2 });
    const behind = await world.submit({ script: 'steps 1' });
    await world.startScheduler();
    await world.until(behind, 'succeeded');
    expect(await world.db.jobs.get(wide)).toMatchObject({ status: 'queued', holdMessage: expect.stringContaining('has at most 1') });
    const pool = await world.db.pools.get('local');
    await world.db.pools.update('local', { maxWorkers: 2 }, pool?.version ?? 0);
    await world.until(wide, 'succeeded');
  });

  it('gives an entry that was lost back to its job', async () => {
    world = await makeWorld({ queueOn });
    const scheduler = await world.startScheduler();
    const jobId = await world.submit({ script: 'steps 1', isEnqueued: false });
    await world.until(jobId, 'succeeded');
    await expect.poll(() => countOf(scheduler.metrics.repairs, { kind: 'entry_restored' }), { timeout: 20_000 }).toBe(1);
    expect(world.launches).toEqual([`${jobId}-a1`]);
  });

  it('launches once when its entry is delivered again', async () => {
    world = await makeWorld({ queueOn });
    const jobId = await world.submit({ script: 'steps 40' });
    const scheduler = await world.startScheduler();
    await world.until(jobId, 'starting');
    await world.queue.enqueue({ poolId: 'local', jobId, attempt: 1, priority: 50, now: new Date() });
    await world.queue.enqueue({ poolId: 'local', jobId, attempt: 7, priority: 50, now: new Date() });
    await world.until(jobId, 'succeeded');
    await expect.poll(() => world.queue.counts('local'), { timeout: 20_000 }).toEqual({ waiting: 0, delayed: 0, active: 0 });
    expect(world.launches).toEqual([`${jobId}-a1`]);
    await expect.poll(() => countOf(scheduler.metrics.launches), { timeout: 20_000 }).toBe(1);
  });
});
