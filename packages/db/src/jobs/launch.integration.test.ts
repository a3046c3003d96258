import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../open-database.ts';
import { openTestWorld, type TestWorld } from '../testing/test-world.ts';
import type { LaunchRequest } from './launch.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld();
});
afterAll(() => world.close());

const request = (jobId: string, poolId: string, workers = 1) => ({ jobId, expectedAttempt: 1, poolId, workers });

describe('launch', () => {
  it('reserves, writes the intent and starts the attempt in one step', async () => {
    const poolId = await world.addPool(4);
    const job = await world.submit({ poolId, workers: 3 });
    const launched = await world.db.jobs.launch({ ...request(job.id, poolId, 3), tokenHash: 'hash' });
    expect(launched).toMatchObject({
      ok: true,
      job: { status: 'starting', attempt: 1, epoch: 1, version: 1 },
      ledger: { jobId: job.id, attempt: 1, epoch: 1, state: 'intended', workers: 3, tokenHash: 'hash', launchedAt: null },
    });
    expect(launched.ok && launched.ledger).toEqual(await world.db.ledger.get(job.id, 1));
    expect(await world.db.pools.usage(poolId)).toEqual({ reserved: 3, running: 0, queued: 0 });
  });

  it('gives the last slot to one of many schedulers', async () => {
    const poolId = await world.addPool(1);
    const other = openDatabase({ url: world.url, clock: world.clock });
    const jobs = await Promise.all(Array.from({ length: 10 }, () => world.submit({ poolId })));
    const outcomes = await Promise.all(jobs.map(({ id }, place) => (place % 2 ? other : world.db).jobs.launch(request(id, poolId))));
    await other.close();
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(outcomes.filter((outcome) => !outcome.ok && outcome.reason === 'NoCapacity')).toHaveLength(9);
    expect((await world.db.pools.usage(poolId)).reserved).toBe(1);
  });

  it('launches one job once, however many take it at the same moment', async () => {
    const poolId = await world.addPool(10);
    const { id } = await world.submit({ poolId });
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => world.db.jobs.launch(request(id, poolId))));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await world.db.ledger.listForJob(id)).toHaveLength(1);
    expect((await world.db.pools.usage(poolId)).reserved).toBe(1);
  });

  it('launches many together in their order, and nothing behind the first that finds no room', async () => {
    const poolId = await world.addPool(4);
    const jobs = await Promise.all([1, 2, 3, 1].map((workers) => world.submit({ poolId, workers })));
    const gone = { jobId: 'ftjob-none', expectedAttempt: 1 };
    const requests = jobs.map(({ id }) => ({ jobId: id, expectedAttempt: 1 }));
    const outcomes = await world.db.jobs.launchTogether(poolId, [gone, ...requests]);
    expect(outcomes.map((outcome) => (outcome.ok ? outcome.job.id : outcome.reason))).toEqual([
      ...['NotFound', jobs[0]?.id, jobs[1]?.id, 'NoCapacity', 'NoCapacity'],
    ]);
    expect(await world.db.pools.usage(poolId)).toEqual({ reserved: 3, running: 0, queued: 2 });
    expect(await world.db.pools.usage(poolId, 1)).toEqual({ reserved: 3, running: 0, queued: 1 });
    expect(await world.db.pools.reservedIn(poolId)).toBe(3);
    const { events } = await world.db.events.list(jobs[1]?.id ?? '', { limit: 5 });
    expect(events.map(({ data }) => data)).toContainEqual({ state: 'starting', attempt: 1 });
    expect(await world.db.jobs.listAwaitedAttempts(jobs.map(({ id }) => id))).toEqual(new Map(jobs.slice(2).map(({ id }) => [id, 1])));
  });

  it('holds back a job that is wider than its pool has become, launches those behind it, and lets it go once the pool has grown', async () => {
    const poolId = await world.addPool(4);
    const { id: projectId } = await world.db.projects.create('wide', {});
    const resize = async (maxWorkers: number) =>
      world.db.pools.update(poolId, { maxWorkers }, (await world.db.pools.get(poolId))?.version ?? 0);
    const wide = await world.submit({ projectId, poolId, workers: 3 });
    const behind = await world.submit({ projectId, poolId });
    await resize(2);
    const outcomes = await world.db.jobs.launchTogether(poolId, [request(wide.id, poolId, 3), request(behind.id, poolId)]);
    expect(outcomes).toMatchObject([{ ok: false, reason: 'TooWide' }, { ok: true }]);
    const holdMessage = `The job needs 3 workers and pool ${poolId} has at most 2: it starts once the pool is that large.`;
    expect(await world.db.jobs.get(wide.id)).toMatchObject({ status: 'queued', holdMessage });
    expect(await world.db.jobs.releaseHeld(projectId)).toEqual([]);
    await resize(4);
    expect(await world.db.jobs.releaseHeld(projectId)).toMatchObject([{ id: wide.id, holdMessage: null }]);
    expect(await world.db.jobs.launch(request(wide.id, poolId, 3))).toMatchObject({ ok: true });
  });

  it('launches a job once that is named twice in one call', async () => {
    const poolId = await world.addPool(4);
    const { id } = await world.submit({ poolId });
    const request = { jobId: id, expectedAttempt: 1 };
    const outcomes = await world.db.jobs.launchTogether(poolId, [request, request]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false]);
    expect(await world.db.pools.reservedIn(poolId)).toBe(1);
  });

  it('frees the slots at the end of the attempt for the next job', async () => {
    const poolId = await world.addPool(1);
    const { job } = await world.launch(await world.submit({ poolId }));
    const next = await world.submit({ poolId });
    expect(await world.db.jobs.launch(request(next.id, poolId))).toMatchObject({ ok: false, reason: 'NoCapacity' });
    await world.db.jobs.applyEvent(job.id, { type: 'jobFailed', reason: 'ModelInvalid', message: 'No.', exitCode: 1 });
    expect((await world.db.jobs.launch(request(next.id, poolId))).ok).toBe(true);
  });

  it('says why it does not launch', async () => {
    const poolId = await world.addPool(1);
    const job = await world.submit({ poolId });
    const launch = (asked: LaunchRequest & { poolId: string }) => world.db.jobs.launch(asked);
    expect(await launch({ ...request(job.id, poolId), expectedAttempt: 2 })).toMatchObject({ ok: false, reason: 'AttemptMismatch' });
    expect(await launch(request(job.id, world.poolId))).toMatchObject({ ok: false, reason: 'NotFound' });
    expect(await launch(request('ftjob-none', poolId))).toMatchObject({ ok: false, reason: 'NotFound' });
    const pool = await world.db.pools.get(poolId);
    await world.db.pools.update(poolId, { paused: true }, pool?.version ?? 0);
    expect(await launch(request(job.id, poolId))).toMatchObject({ ok: false, reason: 'PoolPaused' });
    await world.db.jobs.applyEvent(job.id, { type: 'cancelRequested' });
    expect(await launch(request(job.id, poolId))).toMatchObject({ ok: false, reason: 'NotQueued' });
  });

  it('waits for notBefore', async () => {
    const { job } = await world.launch(await world.submit());
    const notBefore = new Date(world.clock.now().getTime() + 2_000);
    await world.db.jobs.applyEvent(job.id, { type: 'attemptFailed', reason: 'Evicted', message: 'Gone.', exitCode: null, notBefore });
    const second = { ...request(job.id, world.poolId), expectedAttempt: 2 };
    expect(await world.db.jobs.launch(second)).toMatchObject({ ok: false, reason: 'NotYet' });
    await world.clock.advance(2_000);
    expect(await world.db.jobs.launch(second)).toMatchObject({ ok: true, job: { attempt: 2, epoch: 3, notBefore: null, reason: null } });
  });

  it('does not count time before the launcher answered', async () => {
    const { job } = await world.launch(await world.submit());
    await world.clock.advance(10_000);
    await world.db.jobs.markLaunched(job.id, 1);
    await world.clock.advance(1_000);
    await world.db.jobs.markLaunched(job.id, 1);
    await world.db.jobs.applyEvent(job.id, { type: 'jobFailed', reason: 'ModelInvalid', message: 'No.', exitCode: 1 });
    expect(await world.db.usage.listForJob(job.id)).toMatchObject([{ gpuSeconds: 1 }]);
  });
});
