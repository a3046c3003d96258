import { PermissionDeniedError, UnavailableError } from '@capstan/core';
import { LAUNCH_LATER, type Launcher } from '@capstan/launcher';
import { connectWorker } from '@capstan/proto';
import { systemClock } from '@capstan/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countOf } from './testing/count-of.ts';
import { makeWorld, QUICK_SETTINGS, type World } from './testing/make-world.ts';
import { makeWorkerToken } from './worker-token.ts';

describe('a scheduler that is lost and comes back', { timeout: 60_000 }, () => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld();
  });
  afterEach(() => world.close());

  it('adopts the ranks that live and launches nothing twice', async () => {
    const first = await world.startScheduler();
    const jobId = await world.submit({ script: 'steps 150' });
    await world.until(jobId, ({ progress }) => (progress?.step ?? 0) > 5);
    await first.close();
    const during = await world.db.jobs.get(jobId);
    expect(during?.status).toBe('running');
    await systemClock.sleep(500);
    const second = await world.startScheduler({ port: first.port });
    const job = await world.until(jobId, 'succeeded');
    expect(job).toMatchObject({ attempt: 1, failures: 0 });
    const steps = (await world.db.metrics.list(jobId, { limit: 1000 })).map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
    expect(world.launches).toEqual([`${jobId}-a1`]);
    expect(await countOf(second.metrics.launches)).toBe(0);
  });

  it('ends its ranks first when the machine goes down, and their jobs go on from there afterwards', async () => {
    const first = await world.startScheduler();
    const jobId = await world.submit({ script: 'steps 150', maxAttempts: 1 });
    await world.until(jobId, ({ progress }) => (progress?.step ?? 0) > 5);
    await first.close({ drainMs: 10_000 });
    const { signal } = new AbortController();
    expect((await world.launcher.list({ signal })).filter(({ phase }) => phase === 'running')).toEqual([]);
    expect(await world.db.jobs.get(jobId)).toMatchObject({ status: 'queued', attempt: 1, failures: 0 });
    await world.startScheduler();
    expect(await world.until(jobId, 'succeeded')).toMatchObject({ attempt: 2, failures: 0 });
  });

  it('charges no attempt to a job whose rank had to be forced when the machine went down', async () => {
    const first = await world.startScheduler();
    const jobId = await world.submit({ script: 'freeze-once 40', maxAttempts: 1 });
    await world.until(jobId, 'running');
    await systemClock.sleep(1_500);
    await first.close({ drainMs: 300 });
    expect(await world.db.jobs.get(jobId)).toMatchObject({ status: 'queued', failures: 0, reason: 'Preempted' });
  });

  it('carries out once the launch that it only intended', async () => {
    const jobId = await world.submit({ script: 'steps 2' });
    const taken = await world.queue.takeNext('local');
    const intended = await world.db.jobs.launch({ jobId, expectedAttempt: 1, poolId: 'local', workers: 1 });
    await taken?.complete();
    expect(intended.ok).toBe(true);
    const limits = { ...QUICK_SETTINGS.limits, launchGraceMs: 1_000 };
    const scheduler = await world.startScheduler({ settings: { limits } });
    expect(await world.until(jobId, 'succeeded')).toMatchObject({ attempt: 1, failures: 0 });
    expect(world.launches).toEqual([`${jobId}-a1`]);
    expect(await countOf(scheduler.metrics.repairs, { kind: 'launch_repeated' })).toBe(1);
  });

  it('stops ranks that were launched for an attempt which had ended meanwhile', async () => {
    const jobId = await world.submit({ script: 'endless', isEnqueued: false });
    const intended = await world.db.jobs.launch({ jobId, expectedAttempt: 1, poolId: 'local', workers: 1 });
    const pool = await world.db.pools.get('local');
    if (!intended.ok || pool === null) throw new Error('not launched');
    const token = makeWorkerToken({ kind: 'train', jobId, attempt: 1, epoch: intended.job.epoch }, QUICK_SETTINGS.workerTokenSecret);
    await world.db.jobs.applyEvent(jobId, { type: 'cancelRequested' });
    await world.db.jobs.applyEvent(jobId, { type: 'workersGone' });
    const { signal } = new AbortController();
    await world.launcher.launch(
      {
        name: `${jobId}-a1`,
        kind: 'train',
        jobId,
        attempt: 1,
        epoch: 1,
        worldSize: 1,
        pool,
        memoryMiB: null,
        gpusPerWorker: 0,
        token,
        schedulerAddress: '127.0.0.1:9',
      },
      { signal },
    );
    const scheduler = await world.startScheduler();
    await expect.poll(async () => (await world.launcher.list({ signal })).length, { timeout: 15_000 }).toBe(0);
    await expect.poll(() => countOf(scheduler.metrics.repairs, { kind: 'orphan_rank_stopped' }), { timeout: 20_000 }).toBeGreaterThan(0);
    expect(await world.db.jobs.get(jobId)).toMatchObject({ status: 'cancelled' });
  });

  it('refuses the report of an attempt that has ended', async () => {
    const scheduler = await world.startScheduler({ launcher: { ...world.launcher, launch: async () => undefined } });
    const jobId = await world.submit({ script: 'endless' });
    const job = await world.until(jobId, 'starting');
    const identity = { jobId, attempt: 1, epoch: job.epoch, rank: 0 };
    const worker = connectWorker({
      address: `127.0.0.1:${scheduler.port}`,
      token: makeWorkerToken({ kind: 'train', ...identity }, QUICK_SETTINGS.workerTokenSecret),
      ...{ identity, clock: systemClock, random: Math.random, signal: new AbortController().signal },
    });
    await worker.assignment();
    await world.db.jobs.applyEvent(jobId, {
      type: 'attemptFailed',
      reason: 'Evicted',
      message: 'gone',
      exitCode: null,
      notBefore: new Date(Date.now() + 60_000),
    });
    worker.report({ type: 'failed', reason: 'TrainingDiverged', message: 'too late' });
    await expect(worker.flushed()).rejects.toMatchObject({ code: 'stale_epoch' });
    expect(await world.db.jobs.get(jobId)).toMatchObject({ status: 'queued', reason: 'Evicted' });
    await expect.poll(() => countOf(scheduler.metrics.staleRefused), { timeout: 20_000 }).toBeGreaterThan(0);
    await worker.close();
  });

  it('gives up an attempt whose rank is silent, and tries again', async () => {
    const limits = { ...QUICK_SETTINGS.limits, heartbeatTimeoutMs: 3_000 };
    await world.startScheduler({ settings: { limits } });
    const jobId = await world.submit({ script: 'freeze-once 2', maxAttempts: 5 });
    await world.until(jobId, 'succeeded');
    expect(await world.db.ledger.get(jobId, 1)).toMatchObject({ reason: 'HeartbeatLost' });
  });

  it('repeats the launch of the same attempt, at no cost, while the launcher asks for patience', async () => {
    let refusals = 3;
    const launch: Launcher['launch'] = async (spec, options) => {
      if (refusals-- > 0) throw new PermissionDeniedError('The namespace is being terminated.', { reason: LAUNCH_LATER });
      await world.launcher.launch(spec, options);
    };
    await world.startScheduler({ launcher: { ...world.launcher, launch } });
    const jobId = await world.submit({ script: 'steps 1', maxAttempts: 1 });
    await expect.poll(async () => (await world.db.ledger.get(jobId, 1))?.statusMessage).toMatch(/The namespace is being terminated\./);
    expect(await world.until(jobId, 'succeeded')).toMatchObject({ attempt: 1, failures: 0 });
    expect(refusals).toBeLessThan(0);
  });

  it('tries again with backoff when the launcher refuses', async () => {
    let refusals = 2;
    const launch: Launcher['launch'] = async (spec, options) => {
      if (refusals-- > 0) throw new UnavailableError('The machine is full.');
      await world.launcher.launch(spec, options);
    };
    const scheduler = await world.startScheduler({ launcher: { ...world.launcher, launch } });
    const jobId = await world.submit({ script: 'steps 1', maxAttempts: 4 });
    expect(await world.until(jobId, 'succeeded')).toMatchObject({ attempt: 3, failures: 2 });
    const [first] = await world.db.ledger.listForJob(jobId);
    expect(first).toMatchObject({ reason: 'LaunchFailed', message: expect.stringContaining('The machine is full.') });
    expect(await countOf(scheduler.metrics.launches, { outcome: 'refused' })).toBe(2);
  });
});
