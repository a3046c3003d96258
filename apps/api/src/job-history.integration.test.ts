import { type CapstanClient, createClient } from '@capstan/client';
import type { WorkerReport } from '@capstan/core';
import { systemClock } from '@capstan/runtime';
import { createTestDatabase } from '@capstan/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BASE_MODEL, startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
let client: CapstanClient;
let file = '';

beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
  client = createClient({ baseUrl: api.url, apiKey: api.key, clock: systemClock });
  file = await api.trainingFile();
});
afterAll(() => api.close());

/** Its slot is free again. */
let running = '';
afterEach(() => api.apply(running, { type: 'cancelRequested' }, { type: 'workersGone' }));

/** A job in training, and a way for its rank to report. */
async function startTraining() {
  const { id } = await client.jobs.create({ model: BASE_MODEL, training_file: file, capstan: { priority: 0 } });
  await api.apply(id, { type: 'launched' }, { type: 'workersReady' });
  running = id;
  const job = await api.db.jobs.get(id);
  let sequence = 0;
  const report = (...reports: WorkerReport[]) =>
    api.db.reports.append({
      identity: { jobId: id, attempt: 1, epoch: job?.epoch ?? 0, rank: 0 },
      reports: reports.map((report) => ({ sequence: ++sequence, report })),
    });
  const step = (number: number): WorkerReport => ({
    type: 'step',
    step: number,
    epoch: 0.1,
    trainLoss: 1 / number,
    learningRate: 0.001,
    gradNorm: 1,
    tokens: 10,
    tokensPerSecond: 100,
    memoryBytes: 1_000,
    elapsedMs: number * 10,
    at: new Date(),
  });
  const log = (message: string): WorkerReport => ({ type: 'log', level: 'info', message, at: new Date() });
  return { id, report, step, log };
}

describe('what a job has recorded', () => {
  it('is drawn in as many points as are wanted, each with the range that it covers', async () => {
    const { id, report, step } = await startTraining();
    await report(...Array.from({ length: 95 }, (_, index) => step(index + 1)));
    const whole = await client.jobs.curve(id);
    expect([whole.steps, whole.data.length, whole.data.at(0)]).toMatchObject([95, 95, { step: 1, train_loss: 1 }]);
    const { steps: count, data } = await client.jobs.curve(id, { points: 10 });
    expect([count, data.length]).toEqual([95, 10]);
    expect(data[0]).toMatchObject({ step: 10, train_loss_min: 0.1, train_loss_max: 1, memory_bytes: 1_000 });
    expect(data[0]?.learning_rate).toBeCloseTo(0.001, 6);
    expect(data[0]?.train_loss).toBeCloseTo(0.2929, 3);
    expect(data.at(-1)?.step).toBe(95);
  });

  it('is an empty curve before the first step', async () => {
    const { id } = await startTraining();
    expect(await client.jobs.curve(id)).toMatchObject({ steps: 0, data: [] });
  });

  it('can be read from the end: the last lines of the log, in their order', async () => {
    const { id, report, log } = await startTraining();
    await report(log('one'), log('two'), log('three'));
    const tail = await client.jobs.listLogs(id, { limit: 2, tail: true });
    expect([tail.has_more, tail.data.map(({ message }) => message)]).toEqual([true, ['two', 'three']]);
  });

  it('names every attempt, with the steps that a failed one lost', async () => {
    const { id, report, step } = await startTraining();
    await report(step(1), step(2), step(3));
    const failure = { reason: 'HeartbeatLost', message: 'Silence.', exitCode: null } as const;
    await api.apply(id, { type: 'attemptFailed', notBefore: new Date(), ...failure }, { type: 'launched' });
    expect((await client.jobs.listAttempts(id)).data).toMatchObject([
      { attempt: 1, state: 'ended', reason: 'HeartbeatLost', last_step: 3, lost_steps: 3, cost_usd: expect.any(Number) },
      { attempt: 2, state: 'launched', ended_at: null, lost_steps: null },
    ]);
  });
});
