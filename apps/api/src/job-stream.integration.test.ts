import { type CapstanClient, createClient } from '@capstan/client';
import type { JobStreamMessage, WorkerReport } from '@capstan/core';
import { systemClock } from '@capstan/runtime';
import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

/** A job in training, and a way for its rank to report. */
async function startTraining() {
  const { id } = await client.jobs.create({ model: BASE_MODEL, training_file: file, capstan: { priority: 0 } });
  await api.apply(id, { type: 'launched' }, { type: 'workersReady' });
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

const steps = (messages: JobStreamMessage[]) =>
  messages.flatMap((message) => (message.type === 'metrics' ? message.data.data.map(({ step }) => step) : []));

describe('the stream of a job', () => {
  it('tells what was, then what comes, and ends with done', async () => {
    const { id, report, step, log } = await startTraining();
    await report(step(1), log('one'));
    const seen: JobStreamMessage[] = [];
    for await (const message of client.jobs.stream(id)) {
      seen.push(message);
      if (message.type === 'log' && message.data.message === 'one') await report(step(2), step(3), log('two'));
      if (message.type === 'log' && message.data.message === 'two')
        await api.apply(id, { type: 'cancelRequested' }, { type: 'workersGone' });
    }
    expect(seen[0]).toMatchObject({ type: 'job', data: { id, status: 'running' } });
    expect(steps(seen)).toEqual([1, 2, 3]);
    expect(seen.filter(({ type }) => type === 'log')).toHaveLength(2);
    expect(seen.at(-1)).toMatchObject({ type: 'done', data: { status: 'cancelled' } });
    const events = seen.flatMap((message) => (message.type === 'event' ? [message.data.message] : []));
    expect(events[0]).toMatch(/created/);
    expect(new Set(events).size).toBe(events.length);
  });

  it('can begin behind what was: the job as it is, then only what comes', async () => {
    const { id, report, step, log } = await startTraining();
    await report(step(1), log('one'));
    const seen: JobStreamMessage[] = [];
    for await (const message of client.jobs.stream(id, { from: 'end' })) {
      seen.push(message);
      if (message.type === 'job' && seen.length === 1) await report(step(2), log('two'));
      if (message.type === 'log') await api.apply(id, { type: 'cancelRequested' }, { type: 'workersGone' });
    }
    expect(seen[0]).toMatchObject({ type: 'job', data: { id } });
    expect(steps(seen)).toEqual([2]);
    expect(seen.flatMap((message) => (message.type === 'log' ? [message.data.message] : []))).toEqual(['two']);
  });

  it('a client whose connection breaks gets the rest, and nothing twice', async () => {
    const { id, report, step, log } = await startTraining();
    await report(step(1), log('one'));
    let connections = 0;
    // Breaks every connection after its third chunk, as a bad network would.
    const flaky: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!response.url.endsWith('/stream')) return response;
      connections += 1;
      let chunks = 0;
      const broken = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => (++chunks > 3 ? controller.error(new Error('the network broke')) : controller.enqueue(chunk)),
      });
      return new Response(response.body?.pipeThrough(broken) ?? null, response);
    };
    const shaky = createClient({ baseUrl: api.url, apiKey: api.key, clock: systemClock, fetch: flaky });
    const seen: JobStreamMessage[] = [];
    for await (const message of shaky.jobs.stream(id)) {
      seen.push(message);
      if (message.type === 'log' && message.data.message === 'one') {
        await report(step(2), log('two'));
        await api.apply(id, { type: 'cancelRequested' }, { type: 'workersGone' });
      }
    }
    expect(connections).toBeGreaterThan(1);
    expect(steps(seen)).toEqual([1, 2]);
    expect(seen.flatMap((message) => (message.type === 'log' ? [message.data.message] : []))).toEqual(['one', 'two']);
    expect(seen.at(-1)?.type).toBe('done');
  });

  it('a stream of an ended job is everything and done', async () => {
    const { id } = await client.jobs.create({ model: BASE_MODEL, training_file: file });
    await client.jobs.cancel(id);
    const types = [];
    for await (const { type } of client.jobs.stream(id)) types.push(type);
    expect(types).toEqual(['job', 'event', 'event', 'done']);
  });

  it('a position that is none is refused', async () => {
    const { id } = await client.jobs.create({ model: BASE_MODEL, training_file: file });
    await expect(client.jobs.stream(id, { lastEventId: 'x' }).next()).rejects.toMatchObject({ status: 400, param: 'last-event-id' });
  });

  it('leaving ends it, and a slow reader is waited for', async () => {
    const { id, report, log } = await startTraining();
    await report(...Array.from({ length: 1_500 }, (_, line) => log(`${line} ${'x'.repeat(500)}`)));
    const seen = [];
    for await (const message of client.jobs.stream(id)) {
      if (message.type === 'log') seen.push(message.data.message.split(' ')[0]);
      if (seen.length === 10) await new Promise((resolve) => setTimeout(resolve, 300));
      if (seen.length === 1_500) break;
    }
    expect(seen).toEqual(Array.from({ length: 1_500 }, (_, line) => String(line)));
  });
});
