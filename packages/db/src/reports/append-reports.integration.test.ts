import { StaleEpochError } from '@capstan/core';
import { makeStepReport } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { numbered, openTestWorld, type TestWorld } from '../testing/test-world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld();
});
afterAll(() => world.close());

const started = async (workers = 1) => world.launch(await world.submit({ workers }));
const stepsOf = async (jobId: string) => (await world.db.metrics.list(jobId, { limit: 1_000 })).map(({ step }) => step);
const evicted = () =>
  ({ type: 'attemptFailed', reason: 'Evicted', message: 'Gone.', exitCode: null, notBefore: world.clock.now() }) as const;

describe('append', () => {
  it('stores each kind of report where it belongs', async () => {
    const { identity } = await started();
    const { jobId } = identity;
    const at = world.clock.now();
    const figures = { loss: 3, tokenAccuracy: 0.1, rouge1: 0, rouge2: 0, rougeL: 0, rows: 2 };
    const state = { path: 'state', sha256: 'aa', bytes: 1 };
    const reports = numbered(
      1,
      { type: 'phase', phase: 'training' },
      { type: 'ready', backend: 'wasm', detail: 'Two threads.' },
      { type: 'baseEvaluation', figures, outputs: ['x'] },
      makeStepReport(10),
      { type: 'evaluation', step: 10, evalLoss: 1.5, tokenAccuracy: 0.5, at },
      { type: 'checkpoint', step: 10, state, adapter: [state], metrics: { trainLoss: 0.2 } },
      { type: 'log', level: 'warn', message: 'a\u0000b', at },
    );
    expect(await world.db.reports.append({ identity, reports })).toEqual({ acknowledged: 7 });
    expect(await world.db.metrics.list(jobId, { limit: 10 })).toMatchObject([
      { step: 10, trainLoss: 0.2, evalLoss: 1.5, tokenAccuracy: 0.5 },
    ]);
    expect(await world.db.metrics.baseEvaluation(jobId)).toEqual({ figures, outputs: ['x'] });
    expect(await world.db.checkpoints.listForResume(jobId)).toMatchObject([{ step: 10, attempt: 1, state, adapter: [state] }]);
    expect(await world.db.logs.list(jobId, { limit: 10 })).toMatchObject([{ level: 'warn', rank: 0, message: 'a\uFFFDb' }]);
    const progress = { step: 10, totalSteps: 100, phase: 'training', trainLoss: 0.2, evalLoss: 1.5, elapsedMs: 1_000, etaMs: 9_000 };
    expect((await world.db.jobs.get(jobId))?.progress).toMatchObject(progress);
    const events = await world.db.events.listAfter(jobId, 0, 20);
    expect(events.map(({ message }) => message).slice(2)).toEqual([
      'Training runs on the wasm backend. Two threads.',
      'Step 10: validation loss 1.5000, token accuracy 50.0 %.',
      'A checkpoint was saved at step 10.',
    ]);
  });

  it('passes over what it has, stores what is new, and refuses a gap', async () => {
    const { identity } = await started();
    const steps = (first: number, last: number) =>
      numbered(first, ...Array.from({ length: last - first + 1 }, (_, place) => makeStepReport(first + place)));
    const append = (first: number, last: number) => world.db.reports.append({ identity, reports: steps(first, last) });
    expect(await append(1, 3)).toEqual({ acknowledged: 3 });
    expect(await append(1, 3)).toEqual({ acknowledged: 3 });
    expect(await append(2, 5)).toEqual({ acknowledged: 5 });
    await expect(append(7, 8)).rejects.toMatchObject({ code: 'invalid_request', reason: 'report_gap' });
    expect(await stepsOf(identity.jobId)).toEqual([1, 2, 3, 4, 5]);
    await expect(world.db.reports.append({ identity, reports: [...steps(6, 6), ...steps(8, 8)] })).rejects.toThrow(
      'Report 8 stands where 7',
    );
  });

  it('stores a batch once when two sessions send it at the same moment', async () => {
    const { identity } = await started();
    const log = (message: string) => ({ type: 'log', level: 'info', message, at: world.clock.now() }) as const;
    const reports = numbered(1, log('a'), log('b'), log('c'));
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => world.db.reports.append({ identity, reports })));
    expect(outcomes).toEqual(outcomes.map(() => ({ acknowledged: 3 })));
    expect((await world.db.logs.list(identity.jobId, { limit: 10 })).map(({ message }) => message)).toEqual(['a', 'b', 'c']);
  });

  it('refuses an epoch that is over, a rank that was never launched, and stores nothing of them', async () => {
    const { job, identity } = await started();
    await world.db.jobs.applyEvent(job.id, evicted());
    const next = await world.launch((await world.db.jobs.get(job.id)) ?? job);
    const reports = numbered(1, makeStepReport(1));
    await expect(world.db.reports.append({ identity, reports })).rejects.toThrow(StaleEpochError);
    await expect(world.db.reports.append({ identity: { ...next.identity, rank: 1 }, reports })).rejects.toThrow(StaleEpochError);
    await expect(world.db.reports.append({ identity: { ...next.identity, epoch: 2 }, reports })).rejects.toThrow(StaleEpochError);
    expect(await stepsOf(job.id)).toEqual([]);
    expect(await world.db.reports.append({ identity: next.identity, reports })).toEqual({ acknowledged: 1 });
  });

  it('lets either the report or the end of the attempt win, never both', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const { job, identity } = await started();
        const [stored] = await Promise.allSettled([
          world.db.reports.append({ identity, reports: numbered(1, makeStepReport(1)) }),
          world.db.jobs.applyEvent(job.id, evicted()),
        ]);
        return { wasStored: stored.status === 'fulfilled', steps: await stepsOf(job.id) };
      }),
    );
    for (const { wasStored, steps } of outcomes) expect(steps).toEqual(wasStored ? [1] : []);
  });

  it('acknowledges the last word of an attempt that it has just ended', async () => {
    const { job, identity } = await started();
    await world.db.reports.append({ identity, reports: numbered(1, makeStepReport(1)) });
    const result = { base: null, adapter: null, samples: [], generationTokensPerSecond: null, backend: 'wasm', peakMemoryBytes: null };
    await world.db.jobs.applyEvent(job.id, { type: 'workersSucceeded', fineTunedModel: `ft:${job.id}`, trainedTokens: 1 });
    const succeeded = numbered(2, { type: 'succeeded', model: [], trainedTokens: 1, result });
    expect(await world.db.reports.append({ identity, reports: succeeded })).toEqual({ acknowledged: 2 });
    expect(await world.db.reports.append({ identity, reports: succeeded })).toEqual({ acknowledged: 2 });
    await expect(world.db.reports.append({ identity, reports: numbered(3, makeStepReport(2)) })).rejects.toThrow(StaleEpochError);
  });

  it('lets a resumed attempt overwrite the steps after its checkpoint, under new numbers', async () => {
    const { job, identity } = await started();
    await world.db.reports.append({
      identity,
      reports: numbered(1, ...[1, 2, 3, 4].map((step) => makeStepReport(step, { trainLoss: 9 }))),
    });
    const seen = (await world.db.metrics.list(job.id, { limit: 10 })).at(-1)?.seq ?? 0;
    await world.db.jobs.applyEvent(job.id, evicted());
    const resumed = await world.launch((await world.db.jobs.get(job.id)) ?? job);
    const reports = numbered(1, ...[3, 4, 5].map((step) => makeStepReport(step, { trainLoss: 1 })));
    await world.db.reports.append({ identity: resumed.identity, reports });
    const after = await world.db.metrics.list(job.id, { afterSeq: seen, limit: 10 });
    expect(after.map(({ step, trainLoss, attempt }) => [step, trainLoss, attempt])).toEqual([3, 4, 5].map((step) => [step, 1, 2]));
    expect((await stepsOf(job.id)).sort((left, right) => left - right)).toEqual([1, 2, 3, 4, 5]);
  });

  it('takes metrics and progress from rank 0 alone, and logs from every rank', async () => {
    const { job, identity } = await started(2);
    const log = { type: 'log', level: 'info', message: 'from 1', at: world.clock.now() } as const;
    await world.db.reports.append({ identity: { ...identity, rank: 1 }, reports: numbered(1, makeStepReport(1), log) });
    expect(await stepsOf(job.id)).toEqual([]);
    expect(await world.db.logs.tail(job.id, { attempt: 1, limit: 1 })).toMatchObject([{ rank: 1, message: 'from 1' }]);
  });
});
