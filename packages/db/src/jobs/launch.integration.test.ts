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
    const launch = (asked: LaunchRequest) => world.db.jobs.launch(asked);
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
