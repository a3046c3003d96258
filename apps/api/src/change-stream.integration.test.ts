import { type CapstanClient, createClient } from '@capstan/client';
import type { ChangeMessage } from '@capstan/core';
import { systemClock } from '@capstan/runtime';
import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_MODEL, startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
let client: CapstanClient;
beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
  client = createClient({ baseUrl: api.url, apiKey: api.key, clock: systemClock });
});
afterAll(() => api.close());

/** Hints until one satisfies `isEnough`. */
async function readUntil(stream: AsyncGenerator<ChangeMessage>, isEnough: (data: ChangeMessage['data']) => boolean) {
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return expect.fail('the stream has ended');
    if (isEnough(value.data)) return value.data;
  }
}

describe('the stream of changes', { timeout: 30_000 }, () => {
  it('says that jobs and pools have changed, and names no job', async () => {
    const stream = client.changes.stream({ signal: AbortSignal.timeout(25_000) });
    const first = readUntil(stream, ({ jobs }) => jobs);
    const { id } = await client.jobs.create({ model: BASE_MODEL, training_file: await api.trainingFile() });
    const hint = await first;
    expect(hint).toMatchObject({ jobs: true, pools: ['local'] });
    expect(JSON.stringify(hint)).not.toContain(id);
    const operator = createClient({ baseUrl: api.url, apiKey: await api.makeKey('operator'), clock: systemClock });
    await operator.pools.update('local', { max_workers: 3 });
    expect(await readUntil(stream, ({ pools, jobs }) => pools.includes('local') && !jobs)).toMatchObject({ all: false });
    await stream.return(undefined);
  });

  it('gathers what happens at once in one hint', async () => {
    const stream = client.changes.stream({ signal: AbortSignal.timeout(25_000) });
    const request = { model: BASE_MODEL, training_file: await api.trainingFile() };
    const first = readUntil(stream, ({ jobs }) => jobs);
    await client.jobs.create(request);
    await first;
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 10 }, () => client.jobs.create(request)));
    await readUntil(stream, ({ jobs }) => jobs);
    // The next hint would come after another interval: nothing more is waiting.
    const nothing = await Promise.race([stream.next(), new Promise((resolve) => setTimeout(() => resolve('nothing'), 2_500))]);
    expect(nothing).toBe('nothing');
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
  });

  it('is for those with a key', async () => {
    expect((await api.fetch('/stream', { key: null })).status).toBe(401);
  });
});
