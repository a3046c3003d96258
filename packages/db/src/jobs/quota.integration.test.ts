import { makeEstimate } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestWorld, type TestWorld } from '../testing/test-world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld();
});
afterAll(() => world.close());

let count = 0;
const makeProject = async (quota: Parameters<TestWorld['db']['projects']['create']>[1]) =>
  (await world.db.projects.create(`project-${count++}`, quota)).id;
const tryLaunch = ({ id, attempt, poolId }: { id: string; attempt: number; poolId: string }) =>
  world.db.jobs.launch({ jobId: id, expectedAttempt: attempt + 1, poolId });

describe('a project at its limit of GPUs', () => {
  it('launches as many as it may, whichever pools and however many schedulers launch at once', async () => {
    const projectId = await makeProject({ maxConcurrentGpus: 3 });
    const pools = await Promise.all([world.addPool(50), world.addPool(50)]);
    const jobs = await Promise.all(
      Array.from({ length: 12 }, (_, index) => world.submit({ projectId, poolId: pools[index % 2] as string })),
    );
    const launches = await Promise.all(jobs.map(tryLaunch));
    expect(launches.filter(({ ok }) => ok)).toHaveLength(3);
    expect(launches.filter((launch) => !launch.ok && launch.reason === 'QuotaExceeded')).toHaveLength(9);
    expect(await world.db.projects.use(projectId)).toMatchObject({ heldGpus: 3, queuedJobs: 9 });
  });

  it('leaves others alone, and its own jobs without a place in the queue', async () => {
    const projectId = await makeProject({ maxConcurrentGpus: 0 });
    const poolId = await world.addPool(5);
    const held = await world.submit({ projectId, poolId });
    await world.clock.advance(1);
    const other = await world.submit({ poolId });
    expect(await tryLaunch(held)).toMatchObject({ ok: false, reason: 'QuotaExceeded' });
    expect(await world.db.jobs.get(held.id)).toMatchObject({ status: 'queued', holdMessage: expect.stringContaining('0 of the 0 GPUs') });
    expect(await world.db.jobs.position(held.id)).toBeNull();
    expect(await world.db.jobs.position(other.id)).toEqual({ position: 1, ahead: 0 });
    expect((await world.db.jobs.listQueued({ poolId, limit: 10 })).map(({ id }) => id)).toEqual([other.id]);
    expect((await world.db.jobs.listQueued({ poolId, includesHeld: true, limit: 10 })).map(({ id }) => id)).toEqual([held.id, other.id]);
    expect(await tryLaunch(other)).toMatchObject({ ok: true });
    await world.db.jobs.applyEvent(held.id, { type: 'cancelRequested' });
    expect(await world.db.jobs.get(held.id)).toMatchObject({ status: 'cancelled', holdMessage: null });
  });

  it('lets its first ones go once it may hold more, and no wide one is overtaken', async () => {
    const projectId = await makeProject({ maxConcurrentGpus: 2 });
    const poolId = await world.addPool(50);
    const running = await world.launch(await world.submit({ projectId, poolId, workers: 2 }));
    const waiting = [];
    for (const workers of [1, 2, 1]) {
      waiting.push(await world.submit({ projectId, poolId, workers }));
      await world.clock.advance(1);
    }
    const [first, wide, last] = waiting.map(({ id }) => id);
    for (const job of waiting) await tryLaunch(job);
    expect(await world.db.jobs.listHeldProjects()).toContain(projectId);
    expect(await world.db.jobs.releaseHeld(projectId)).toEqual([]);
    await world.db.jobs.applyEvent(running.job.id, { type: 'cancelRequested' });
    await world.db.jobs.applyEvent(running.job.id, { type: 'workersGone' });
    expect(await world.db.jobs.releaseHeld(projectId)).toMatchObject([{ id: first, holdMessage: null, status: 'queued' }]);
    const held = (await world.db.jobs.list({ projectId, states: ['queued'], sort: 'oldest', limit: 10 })).jobs;
    expect(held.filter(({ holdMessage }) => holdMessage !== null).map(({ id }) => id)).toEqual([wide, last]);
  });
});

describe('the budget of a month', () => {
  it('counts what was billed since its first day and what runs now, and holds back what would come after it', async () => {
    const projectId = await makeProject({ monthlyBudgetUsd: 10 });
    const launch = await world.launch(await world.submit({ projectId }));
    await world.db.jobs.markLaunched(launch.job.id, 1);
    await world.clock.advance(9_000);
    // The pool costs 3.60 an hour: 0.001 a second.
    expect((await world.db.projects.use(projectId)).spentUsd).toBeCloseTo(0.009, 6);
    await world.clock.advance(10_000_000);
    expect(await tryLaunch(await world.submit({ projectId }))).toMatchObject({
      reason: 'QuotaExceeded',
      message: expect.stringContaining('budget'),
    });
    await world.db.jobs.applyEvent(launch.job.id, { type: 'cancelRequested' });
    await world.db.jobs.applyEvent(launch.job.id, { type: 'workersGone' });
    expect((await world.db.projects.use(projectId)).spentUsd).toBeCloseTo(10.009, 6);
  });
});

describe('a submission', () => {
  it('of a project with room for two is admitted twice, however many come at once', async () => {
    const projectId = await makeProject({ maxQueuedJobs: 2 });
    const submissions = await Promise.allSettled(
      Array.from({ length: 8 }, () => world.db.jobs.createAdmitted(world.newJob({ projectId }), 1)),
    );
    expect(submissions.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(submissions.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'rate_limited', reason: 'rate_limit_exceeded' },
    });
    expect((await world.db.jobs.list({ projectId, limit: 10 })).jobs).toHaveLength(2);
  });

  it('that repeats one gets its job although the project is full by now', async () => {
    const projectId = await makeProject({ maxQueuedJobs: 1 });
    const idempotency = { key: 'once', bodyHash: 'x' };
    const first = await world.db.jobs.createAdmitted(world.newJob({ projectId, idempotency }), 1);
    const again = await world.db.jobs.createAdmitted(world.newJob({ projectId, idempotency }), 1);
    expect(again).toEqual({ job: expect.objectContaining({ id: first.job.id }), created: false });
  });

  it('is refused where the budget would not cover its estimate', async () => {
    const projectId = await makeProject({ monthlyBudgetUsd: 1 });
    const estimate = makeEstimate({ costUsd: 1.5 });
    await expect(world.db.jobs.createAdmitted(world.newJob({ projectId, estimate }), 1)).rejects.toMatchObject({
      reason: 'insufficient_quota',
    });
  });
});
