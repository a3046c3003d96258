import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scheduler } from './scheduler.ts';
import { countOf } from './testing/count-of.ts';
import { makeWorld, type World } from './testing/make-world.ts';

describe('the life of a job', { timeout: 60_000 }, () => {
  let world: World;
  let scheduler: Scheduler;
  beforeAll(async () => {
    world = await makeWorld({ maxWorkers: 2 });
    scheduler = await world.startScheduler();
  });
  afterAll(() => world.close());

  const launchesOf = (jobId: string) => world.launches.filter((name) => name.startsWith(jobId));
  const steppedBy = (step: number) => (job: { progress: { step: number } | null }) => (job.progress?.step ?? 0) >= step;

  it('leads from queued to succeeded, with model, metrics, usage and free slots', async () => {
    const jobId = await world.submit({ script: 'steps 12' });
    const job = await world.until(jobId, 'succeeded');
    const model = await world.db.models.get(job.fineTunedModel ?? '', world.projectId);
    expect(model).toMatchObject({ kind: 'fine-tuned', base: 'base', jobId, artifacts: [{ path: 'adapter_model.safetensors' }] });
    expect(job).toMatchObject({ attempt: 1, failures: 0, result: { backend: 'fake' } });
    expect(job.usage.gpuSeconds).toBeGreaterThan(0);
    expect((await world.db.metrics.list(jobId, { limit: 100 })).map(({ step }) => step)).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
    expect(launchesOf(jobId)).toEqual([`${jobId}-a1`]);
    expect(await world.db.pools.usage('local')).toMatchObject({ reserved: 0 });
  });

  it('leaves a file with the metrics of every step, once, in the order of steps, also after a crash', async () => {
    const job = await world.until(await world.submit({ script: 'crash-once 7' }), 'succeeded');
    const { files } = await world.db.files.list({ projectId: world.projectId, purpose: 'fine-tune-results', limit: 100 });
    const named = files.filter(({ id }) => id === job.result?.metricsFile);
    expect(named).toMatchObject([{ filename: 'step_metrics.csv', status: 'processed' }]);
    const chunks: Uint8Array[] = [];
    for await (const chunk of world.artifacts.read(named[0]?.sha256 ?? '')) chunks.push(chunk);
    const [head, ...lines] = Buffer.concat(chunks).toString().trimEnd().split('\n');
    expect(head).toMatch(/^step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy,/);
    expect(lines.map((line) => Number(line.split(',')[0]))).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    expect(lines[3]).toBe('4,0.25,,,,0.1,1,8');
    expect(files).toHaveLength(new Set(files.map(({ id }) => id)).size);
  });

  it('keeps the states of the newest checkpoints, and the rows of all', async () => {
    const jobId = await world.submit({ script: 'steps 26' });
    await world.until(jobId, 'succeeded');
    const { checkpoints } = await world.db.checkpoints.list(jobId, { limit: 10 });
    expect(checkpoints.map(({ step }) => step)).toEqual([25, 20, 15, 10, 5]);
    const keptStates = async () =>
      (await Promise.all(checkpoints.map(({ state }) => world.artifacts.stat(state.sha256)))).map((found) => found !== null);
    await expect.poll(keptStates, { timeout: 20_000 }).toEqual([true, true, true, false, false]);
    const resumable = async () => (await world.db.checkpoints.listForResume(jobId)).map(({ step }) => step);
    await expect.poll(resumable, { timeout: 20_000 }).toEqual([25, 20, 15]);
  });

  it('of a cancelled job ends before it is launched', async () => {
    const jobId = await world.submit({ script: 'endless', isEnqueued: false });
    await world.db.jobs.applyEvent(jobId, { type: 'cancelRequested' });
    await world.enqueue(jobId);
    await expect.poll(() => world.queue.counts('local'), { timeout: 20_000 }).toMatchObject({ waiting: 0, active: 0 });
    expect(await world.db.jobs.get(jobId)).toMatchObject({ status: 'cancelled', attempt: 0 });
    expect(launchesOf(jobId)).toEqual([]);
  });

  it('of a job cancelled while it starts ends in cancelled, and no rank lives on', async () => {
    const jobId = await world.submit({ script: 'endless' });
    await world.until(jobId, 'starting');
    await world.db.jobs.applyEvent(jobId, { type: 'cancelRequested' });
    await world.until(jobId, 'cancelled');
    await expect.poll(() => livingRanks(jobId), { timeout: 20_000 }).toBe(0);
    expect(await world.db.pools.usage('local')).toMatchObject({ reserved: 0 });
  });

  it('of a job cancelled while it runs ends in cancelled', async () => {
    const jobId = await world.submit({ script: 'endless' });
    await world.until(jobId, steppedBy(3));
    await world.db.jobs.applyEvent(jobId, { type: 'cancelRequested' });
    expect(await world.until(jobId, 'cancelled')).toMatchObject({ attempt: 1, failures: 0, reason: null });
  });

  it('goes on after a pause from the step at which it stopped', async () => {
    const jobId = await world.submit({ script: 'endless' });
    await world.until(jobId, steppedBy(4));
    await world.db.jobs.applyEvent(jobId, { type: 'pauseRequested' });
    const paused = await world.until(jobId, 'paused');
    const [newest] = await world.db.checkpoints.listForResume(jobId);
    expect(newest?.step).toBe(paused.progress?.step);
    await world.db.jobs.applyEvent(jobId, { type: 'resumeRequested' });
    await world.enqueue(jobId);
    await world.until(jobId, steppedBy((newest?.step ?? 0) + 3));
    const steps = (await world.db.metrics.list(jobId, { limit: 1000 })).map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: steps.length }, (_, index) => index + 1));
    expect(await world.db.jobs.get(jobId)).toMatchObject({ attempt: 2, failures: 0 });
    await world.db.jobs.applyEvent(jobId, { type: 'cancelRequested' });
    await world.until(jobId, 'cancelled');
  });

  it('is tried again once after a crash, then failed with the reason, and its output is kept', async () => {
    const jobId = await world.submit({ script: 'crash', maxAttempts: 2 });
    const job = await world.until(jobId, 'failed');
    expect(job).toMatchObject({ reason: 'TrainerError', attempt: 2 });
    expect(job.message).toContain('the fake worker was told to crash');
    const attempts = await world.db.ledger.listForJob(jobId);
    expect(attempts.map(({ state, exitCode }) => ({ state, exitCode }))).toEqual([
      { state: 'ended', exitCode: 1 },
      { state: 'ended', exitCode: 1 },
    ]);
    await expect
      .poll(async () => (await world.db.logs.list(jobId, { limit: 10 })).map(({ attempt, level }) => `${attempt} ${level}`), {
        timeout: 5_000,
      })
      .toEqual(['1 error', '2 error']);
  });

  it('survives kill -9 of a rank: the next attempt goes on from its checkpoint', async () => {
    const jobId = await world.submit({ script: 'crash-once 7' });
    const job = await world.until(jobId, 'succeeded');
    expect(job).toMatchObject({ attempt: 2, failures: 1 });
    const [first] = await world.db.ledger.listForJob(jobId);
    expect(first).toMatchObject({ reason: 'WorkerKilled', exitCode: 137 });
    const starts = (await world.db.logs.list(jobId, { limit: 10 }))
      .map(({ message }) => message)
      .filter((message) => message.startsWith('starts'));
    expect(starts).toEqual(['starts at step 1', 'starts at step 6']);
  });

  it('goes on with half the micro-batch after running out of memory, and says so', async () => {
    const jobId = await world.submit({ script: 'memory 3', maxAttempts: 3 });
    const job = await world.until(jobId, 'succeeded');
    expect(job.spec.training.microBatchSize).toBe(4);
    const { events } = await world.db.events.list(jobId, { limit: 50 });
    expect(events.some(({ message }) => message.includes('runs 2 instead of 4 rows at a time'))).toBe(true);
  });

  it('does not end when a machine tells its rank to stop: the job goes on elsewhere at no cost to its budget', async () => {
    const jobId = await world.submit({ script: 'endless', maxAttempts: 1 });
    await world.until(jobId, steppedBy(3));
    await world.launcher.stop(`${jobId}-a1`, { graceMs: 5_000 });
    const job = await world.until(jobId, ({ attempt, status }) => attempt === 2 && status === 'running');
    expect(job.failures).toBe(0);
    expect(await world.db.ledger.get(jobId, 1)).toMatchObject({ reason: 'Preempted' });
    await world.db.jobs.applyEvent(jobId, { type: 'cancelRequested' });
    await world.until(jobId, 'cancelled');
  });

  it('fails at once where its dataset is gone', async () => {
    const jobId = await world.submit({ script: 'steps 1', file: 'file-gone' });
    expect(await world.until(jobId, 'failed')).toMatchObject({ reason: 'DatasetMissing', attempt: 1 });
  });

  it('ends at its deadline, whether it runs or waits', async () => {
    const passDeadline = (jobId: string) =>
      world.database.execute(`UPDATE jobs SET created_at = created_at - interval '2 hours' WHERE id = '${jobId}'`);
    const running = await world.submit({ script: 'endless', deadlineSeconds: 3_600 });
    await world.until(running, steppedBy(3));
    await passDeadline(running);
    expect(await world.until(running, 'failed')).toMatchObject({ reason: 'DeadlineExceeded', attempt: 1 });
    expect((await world.db.ledger.get(running, 1))?.lastStep).toBeGreaterThanOrEqual(3);
    await expect.poll(() => livingRanks(running), { timeout: 20_000 }).toBe(0);

    const { version } = (await world.db.pools.get('local')) ?? expect.fail('no pool');
    await world.db.pools.update('local', { paused: true }, version);
    const waiting = await world.submit({ script: 'steps 1', deadlineSeconds: 3_600 });
    await passDeadline(waiting);
    expect(await world.until(waiting, 'failed')).toMatchObject({ reason: 'DeadlineExceeded', attempt: 0 });
    await world.db.pools.update('local', { paused: false }, version + 1);
    await expect.poll(() => countOf(scheduler.metrics.attemptsEnded, { reason: 'DeadlineExceeded' }), { timeout: 20_000 }).toBe(1);
  });

  it('leaves nothing behind: no ranks, no entries, no reservations', async () => {
    await expect
      .poll(async () => (await world.launcher.list({ signal: new AbortController().signal })).length, { timeout: 20_000 })
      .toBe(0);
    await expect.poll(() => world.queue.counts('local'), { timeout: 20_000 }).toEqual({ waiting: 0, delayed: 0, active: 0 });
    await expect.poll(() => world.db.ledger.listOpen(), { timeout: 20_000 }).toEqual([]);
    const { launches, repairs } = scheduler.metrics;
    expect(await countOf(launches, { outcome: 'refused' })).toBe(0);
    expect(await countOf(repairs, { kind: 'reservation_released' })).toBe(0);
    expect(await countOf(repairs, { kind: 'launch_repeated' })).toBe(0);
  });

  async function livingRanks(jobId: string): Promise<number> {
    const ranks = await world.launcher.list({ signal: new AbortController().signal });
    return ranks.filter(({ phase, ...rank }) => rank.jobId === jobId && (phase === 'running' || phase === 'pending')).length;
  }
});
