import type { JobEvent } from '@capstan/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../open-database.ts';
import { openTestWorld, type TestWorld } from '../testing/test-world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld();
});
afterAll(() => world.close());

const inAMinute = () => new Date(world.clock.now().getTime() + 60_000);
const evicted = (): JobEvent => ({
  type: 'attemptFailed',
  reason: 'Evicted',
  message: 'The node went away.',
  exitCode: null,
  notBefore: inAMinute(),
});
const outOfMemory = (): JobEvent => ({
  type: 'attemptFailed',
  reason: 'OOMKilled',
  message: 'Too big.',
  exitCode: 137,
  notBefore: inAMinute(),
});

async function runningJob(workers = 1) {
  const launched = await world.launch(await world.submit({ workers }));
  await world.db.jobs.markLaunched(launched.job.id, 1);
  await world.db.jobs.applyEvent(launched.job.id, { type: 'workersReady' });
  return launched;
}

describe('applyEvent', () => {
  it('applies one of two equal events at once, and refuses the other', async () => {
    const { job } = await runningJob();
    const elsewhere = openDatabase({ url: world.url, clock: world.clock });
    const event = { type: 'cancelRequested' } as const;
    const outcomes = await Promise.all([
      ...Array.from({ length: 5 }, () => world.db.jobs.applyEvent(job.id, event)),
      ...Array.from({ length: 5 }, () => elsewhere.jobs.applyEvent(job.id, event)),
    ]);
    await elsewhere.close();
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(outcomes.filter(({ ok }) => !ok)[0]).toEqual({ ok: false, from: 'cancelling', event: 'cancelRequested' });
    const { events } = await world.db.events.list(job.id, { limit: 20 });
    expect(events.filter(({ data }) => data.state === 'cancelling')).toHaveLength(1);
  });

  it('ends a job that is cancelled and succeeds at the same moment in one of the two, consistently', async () => {
    const { job } = await runningJob();
    const fineTunedModel = `ft:base:${job.id}`;
    const model = { base: 'base-model', artifacts: [], config: {}, method: 'lora', ownedBy: 'default' } as const;
    await Promise.all([
      world.db.jobs.applyEvent(job.id, { type: 'cancelRequested' }),
      world.db.jobs.applyEvent(
        job.id,
        { type: 'workersSucceeded', fineTunedModel, trainedTokens: 1 },
        { model: { ...model, artifacts: [] } },
      ),
    ]);
    const after = await world.db.jobs.get(job.id);
    const madeModel = await world.db.models.get(fineTunedModel, world.projectId);
    expect(['succeeded', 'cancelled', 'cancelling']).toContain(after?.status);
    expect(madeModel !== null).toBe(after?.status === 'succeeded');
    expect(after?.fineTunedModel ?? null).toBe(after?.status === 'succeeded' ? fineTunedModel : null);
  });

  it('fences, frees and bills an attempt that failed, and queues the job again', async () => {
    const { job } = await runningJob(2);
    await world.db.ledger.heartbeat([{ jobId: job.id, attempt: 1, rank: 0, at: world.clock.now() }]);
    await world.clock.advance(30_000);
    const applied = await world.db.jobs.applyEvent(job.id, outOfMemory(), { lastStep: 12 });
    expect(applied).toMatchObject({
      ok: true,
      job: { status: 'queued', attempt: 1, failures: 1, epoch: 2, reason: 'OOMKilled', message: 'Too big.', notBefore: inAMinute() },
    });
    expect(await world.db.ledger.get(job.id, 1)).toMatchObject({
      state: 'ended',
      reason: 'OOMKilled',
      exitCode: 137,
      lastStep: 12,
      endedAt: world.clock.now(),
    });
    expect(await world.db.ledger.lastHeartbeats([{ jobId: job.id, attempt: 1 }])).toEqual([]);
    const [usage] = await world.db.usage.listForJob(job.id);
    expect(usage).toMatchObject({ attempt: 1, gpuSeconds: 60 });
    expect(usage?.costUsd).toBeCloseTo(0.06);
    expect((await world.db.jobs.get(job.id))?.usage).toEqual({ gpuSeconds: 60, costUsd: usage?.costUsd });
    expect((await world.db.pools.usage(world.poolId)).running).toBe(0);
  });

  it('ends an attempt, and a job, whose failure says what Postgres cannot store', async () => {
    const { job } = await runningJob();
    const message = 'It said \u0000.';
    const retried = await world.db.jobs.applyEvent(job.id, { ...outOfMemory(), message } as JobEvent);
    expect(retried).toMatchObject({ ok: true, job: { status: 'queued', message: 'It said \uFFFD.' } });
    expect(await world.db.ledger.get(job.id, 1)).toMatchObject({ state: 'ended', message: 'It said \uFFFD.' });
    const failed = await world.db.jobs.applyEvent(job.id, { type: 'jobFailed', reason: 'TrainerError', message, exitCode: 1 });
    expect(failed).toMatchObject({ ok: true, job: { status: 'failed', message: 'It said \uFFFD.' } });
    const { events } = await world.db.events.list(job.id, { limit: 1 });
    expect(events).toMatchObject([{ message: 'The job failed (TrainerError): It said \uFFFD.' }]);
  });

  it('bills an attempt that runs from its intent where nobody wrote down that it was launched', async () => {
    const { job } = await world.launch(await world.submit());
    await world.clock.advance(10_000);
    await world.db.jobs.applyEvent(job.id, { type: 'workersReady' });
    expect(await world.db.ledger.get(job.id, 1)).toMatchObject({ state: 'launched', launchedAt: job.queuedAt });
    await world.clock.advance(20_000);
    expect((await world.db.usage.running([job.id], world.clock.now())).get(job.id)).toMatchObject({ gpuSeconds: 30 });
    await world.db.jobs.applyEvent(job.id, outOfMemory());
    expect(await world.db.usage.listForJob(job.id)).toMatchObject([{ gpuSeconds: 30 }]);
  });

  it('charges a job nothing for an attempt that the platform took away', async () => {
    const { job } = await runningJob();
    expect(await world.db.jobs.applyEvent(job.id, evicted())).toMatchObject({ ok: true, job: { failures: 0, status: 'queued' } });
  });

  it('refuses a verdict on an epoch that is over', async () => {
    const { job, identity } = await runningJob();
    await world.db.jobs.applyEvent(job.id, { ...evicted(), notBefore: world.clock.now() } as JobEvent);
    const again = await world.launch((await world.db.jobs.get(job.id)) ?? job);
    const late = await world.db.jobs.applyEvent(job.id, outOfMemory(), { expectedEpoch: identity.epoch });
    expect(late).toEqual({ ok: false, from: 'starting', event: 'attemptFailed' });
    expect((await world.db.jobs.get(job.id))?.epoch).toBe(again.job.epoch);
  });

  it('makes the model, the result and the end in one step', async () => {
    const { job } = await runningJob();
    const result = { base: null, adapter: null, samples: [], generationTokensPerSecond: 3, backend: 'wasm', peakMemoryBytes: null };
    const fineTunedModel = `ft:base:${job.id}`;
    const artifacts = [{ path: 'adapter_model.safetensors', sha256: 'ab', bytes: 3 }];
    const applied = await world.db.jobs.applyEvent(
      job.id,
      { type: 'workersSucceeded', fineTunedModel, trainedTokens: 5_000_000_000 },
      { model: { base: 'base-model', artifacts, config: { r: 8 }, method: 'lora', ownedBy: 'default' }, result },
    );
    expect(applied).toMatchObject({ ok: true, job: { status: 'succeeded', result, fineTunedModel, trainedTokens: 5_000_000_000 } });
    expect(await world.db.models.get(fineTunedModel, world.projectId)).toMatchObject({
      kind: 'fine-tuned',
      projectId: world.projectId,
      jobId: job.id,
      base: 'base-model',
      artifacts,
      config: { r: 8 },
      method: 'lora',
    });
    expect(await world.db.jobs.applyEvent(job.id, { type: 'cancelRequested' })).toEqual({
      ok: false,
      from: 'succeeded',
      event: 'cancelRequested',
    });
  });

  it('remembers in the ledger when the ranks were first asked to stop', async () => {
    const { job } = await runningJob();
    await world.db.jobs.applyEvent(job.id, { type: 'pauseRequested' });
    const askedAt = world.clock.now();
    await world.clock.advance(1_000);
    await world.db.jobs.applyEvent(job.id, { type: 'cancelRequested' });
    expect((await world.db.ledger.get(job.id, 1))?.stopRequestedAt).toEqual(askedAt);
  });

  it('pauses and resumes without counting a failure, and goes to the back of its priority', async () => {
    const { job } = await runningJob();
    await world.db.jobs.applyEvent(job.id, { type: 'pauseRequested' });
    expect(await world.db.jobs.applyEvent(job.id, { type: 'workersGone' })).toMatchObject({
      ok: true,
      job: { status: 'paused', epoch: 2 },
    });
    await world.clock.advance(5_000);
    expect(await world.db.jobs.applyEvent(job.id, { type: 'resumeRequested' })).toMatchObject({
      ok: true,
      job: { status: 'queued', failures: 0, notBefore: null, reason: null, queuedAt: world.clock.now() },
    });
  });

  it('does not know a job that does not exist, and leaves launching to launch', async () => {
    await expect(world.db.jobs.applyEvent('ftjob-none', { type: 'workersReady' })).rejects.toMatchObject({ code: 'not_found' });
    const { id } = await world.submit();
    await expect(world.db.jobs.applyEvent(id, { type: 'launched' })).rejects.toThrow('launch()');
  });
});
