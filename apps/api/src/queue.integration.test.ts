import { type CapstanClient, createClient } from '@capstan/client';
import { SESSION_HEADER } from '@capstan/core';
import { systemClock } from '@capstan/runtime';
import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_MODEL, startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
let operator: CapstanClient;
let operatorKey = '';
const jobs: string[] = [];

beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
  operatorKey = await api.makeKey('operator');
  operator = createClient({ baseUrl: api.url, apiKey: operatorKey, clock: systemClock });
  const request = { model: BASE_MODEL, training_file: await api.trainingFile() };
  for (let count = 0; count < 3; count++) jobs.push((await operator.jobs.create(request)).id);
});
afterAll(() => api.close());

const entries = async () => (await api.queue.list('local', { offset: 0, limit: 10 })).map(({ jobId }) => jobId);

describe('another priority', () => {
  it('moves the job in its row and in the queue alike, and is written down', async () => {
    const [first = '', second = '', third = ''] = jobs;
    expect((await operator.jobs.update(third, { priority: 10 })).capstan).toMatchObject({ priority: 10, position: 1, ahead: 0 });
    expect(await entries()).toEqual([third, first, second]);
    const { queue } = await operator.pools.forecast('local');
    expect(queue.map(({ job_id: id }) => id)).toEqual([third, first, second]);
    expect((await operator.audit.list()).data[0]).toMatchObject({
      action: 'job.update',
      subject: third,
      before: { priority: 50 },
      after: { priority: 10 },
    });
  });

  it('is written down once when it is asked for twice, and puts right an entry that did not follow', async () => {
    const [first = '', second = '', third = ''] = jobs;
    const before = (await operator.audit.list()).data.length;
    await api.db.jobs.reprioritise(second, 10);
    expect(await entries()).toEqual([third, first, second]);
    await operator.jobs.update(second, { priority: 10 });
    expect(await entries()).toEqual([third, second, first]);
    expect((await operator.audit.list()).data).toHaveLength(before);
  });

  it('is refused for a job that has ended, for a submitter, and beyond its range', async () => {
    const [first = ''] = jobs;
    const submitter = createClient({ baseUrl: api.url, apiKey: api.key, clock: systemClock });
    await expect(submitter.jobs.update(first, { priority: 1 })).rejects.toMatchObject({ status: 403 });
    await expect(operator.jobs.update(first, { priority: 101 })).rejects.toMatchObject({ status: 400, param: 'priority' });
    await operator.jobs.cancel(first);
    await expect(operator.jobs.update(first, { priority: 1 })).rejects.toMatchObject({ status: 409, code: 'invalid_job_state' });
  });
});

describe('the raw view of the queues', () => {
  const get = (path: string, headers: Record<string, string>) => fetch(`${api.origin}/bull-board${path}`, { headers, redirect: 'manual' });
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

  it('is for operators', async () => {
    expect((await get('/', {})).status).toBe(401);
    expect((await get('/', bearer(api.key))).status).toBe(403);
    expect((await get('', bearer(operatorKey))).headers.get('location')).toBe('/bull-board/');
    const page = await get('/', bearer(operatorKey));
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<base href="/bull-board/"')]);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  });

  it('shows the entries of every pool, from Postgres too', async () => {
    const answer = await get('/api/queues?activeQueue=pool-local&status=prioritized&page=1&jobsPerPage=10', bearer(operatorKey));
    const { queues } = (await answer.json()) as { queues: { name: string; counts: Record<string, number>; jobs: { data: unknown }[] }[] };
    expect(queues).toMatchObject([{ name: 'pool-local', counts: { prioritized: 2 }, readOnlyMode: true }]);
    expect(queues[0]?.jobs.map(({ data }) => data)).toContainEqual({ jobId: jobs[2], attempt: 1 });
  });

  it('changes nothing, whoever asks: not with a key, and not from another site with a session', async () => {
    const pause = (headers: Record<string, string>) =>
      fetch(`${api.origin}/bull-board/api/queues/pool-local/pause`, { method: 'PUT', headers });
    expect((await pause(bearer(operatorKey))).status).toBeGreaterThanOrEqual(400);
    const login = await fetch(`${api.url}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [SESSION_HEADER]: '1' },
      body: JSON.stringify({ api_key: operatorKey }),
    });
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await get('/', { cookie })).status).toBe(200);
    expect((await pause({ cookie })).status).toBe(403);
    expect(await api.queue.takeNext('local')).toMatchObject({ jobId: jobs[2] });
  });
});
