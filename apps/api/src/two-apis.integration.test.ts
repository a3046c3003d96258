import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_MODEL, startTestApi, type TestApi } from './testing/start-test-api.ts';

describe('two APIs on one database', () => {
  let apis: [TestApi, TestApi];
  let file = '';
  let key = '';
  beforeAll(async () => {
    const database = await createTestDatabase();
    // The second leaves the dropping to the first.
    apis = [await startTestApi(database), await startTestApi({ ...database, drop: async () => undefined })];
    file = await apis[0].trainingFile();
    key = apis[0].key;
  });
  afterAll(async () => {
    await apis[1].close();
    await apis[0].close();
  });

  const bodyOf = (seed: number) => JSON.stringify({ model: BASE_MODEL, training_file: file, seed });
  const headersOf = (retryCount: number) => ({ 'content-type': 'application/json', 'x-stainless-retry-count': String(retryCount) });

  async function create(api: TestApi, seed: number, retryCount: number): Promise<string> {
    const response = await api.fetch('/fine_tuning/jobs', { method: 'POST', body: bodyOf(seed), headers: headersOf(retryCount), key });
    expect(response.status).toBe(201);
    return ((await response.json()) as { id: string }).id;
  }

  const made = async () => (await apis[0].db.jobs.list({ projectId: apis[0].projectId, limit: 100 })).jobs.length;

  it('make one job of the repetitions of a request, however they fall on them', async () => {
    const before = await made();
    const ids = await Promise.all(Array.from({ length: 16 }, (_, number) => create(apis[number % 2 ? 0 : 1], 1, 1)));
    expect(new Set(ids).size).toBe(1);
    expect(await made()).toBe(before + 1);
  });

  it('answer a repetition with the job that the other one made of the first request', async () => {
    const first = await create(apis[0], 2, 0);
    expect(await create(apis[1], 2, 1)).toBe(first);
  });

  it('answer a request that is still arriving with the job that its repetition has made at the other one', async () => {
    const before = await made();
    const body = bodyOf(3);
    const headers = { ...headersOf(0), authorization: `Bearer ${key}`, 'content-length': body.length, expect: '100-continue' };
    const arriving = request(`${apis[0].url}/fine_tuning/jobs`, { method: 'POST', headers });
    arriving.flushHeaders();
    await once(arriving, 'continue');
    const repeated = await create(apis[1], 3, 1);
    arriving.end(body);
    const [response] = (await once(arriving, 'response')) as [IncomingMessage];
    expect(await json(response)).toMatchObject({ id: repeated });
    expect(await made()).toBe(before + 1);
  });

  it('make one job of one Idempotency-Key', async () => {
    const headers = { ...headersOf(0), 'idempotency-key': 'one for both' };
    const ids = await Promise.all(
      Array.from({ length: 12 }, async (_, number) => {
        const response = await apis[number % 2 ? 0 : 1].fetch('/fine_tuning/jobs', { method: 'POST', body: bodyOf(4), headers, key });
        return ((await response.json()) as { id: string }).id;
      }),
    );
    expect(new Set(ids).size).toBe(1);
  });
});
