import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_MODEL, startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
let operator: string;
const jobs: string[] = [];

const send = (method: string, path: string, body?: unknown, key = operator) =>
  api.fetch(path, {
    method,
    key,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
type Answer = Record<string, unknown>;
const json = async (response: Response) => (await response.json()) as Answer;

beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
  operator = await api.makeKey('operator');
  const request = { model: BASE_MODEL, training_file: await api.trainingFile(), capstan: { training: { max_steps: 10 } } };
  for (let count = 0; count < 4; count++) jobs.push(String((await json(await api.postJson('/fine_tuning/jobs', request))).id));
  await api.apply(jobs[0] as string, { type: 'launched' }, { type: 'workersReady' });
});
afterAll(() => api.close());

describe('the forecast of a pool', () => {
  it('tells what runs, and the queue in its order with the time of each start', async () => {
    const forecast = await json(await api.fetch('/pools/local/forecast'));
    expect(forecast).toMatchObject({ object: 'pool.forecast', max_workers: 2, queued: 3, starting: 1, workers: 2, cost_per_hour: 1.2 });
    expect(forecast.running).toMatchObject([{ job_id: jobs[0], state: 'running', workers: 1 }]);
    expect(forecast.queue).toMatchObject(jobs.slice(1).map((id, index) => ({ job_id: id, position: index + 1, model: BASE_MODEL })));
    const starts = (forecast.queue as { starts_in_seconds: { p50: number; p90: number } }[]).map((entry) => entry.starts_in_seconds.p50);
    expect(starts[0]).toBe(0);
    expect(starts[2]).toBeGreaterThanOrEqual(starts[1] ?? Number.POSITIVE_INFINITY);
  });

  it('tells what a larger pool would start, and what it would cost, without changing anything', async () => {
    expect(await json(await api.fetch('/pools/local/forecast?max_workers=8'))).toMatchObject({
      starting: 3,
      workers: 4,
      cost_per_hour: 2.4,
    });
    expect((await api.db.pools.get('local'))?.maxWorkers).toBe(2);
  });

  it('starts nothing in a pool that is supposed to be paused', async () => {
    const { queue } = await json(await api.fetch('/pools/local/forecast?paused=true'));
    expect(queue).toMatchObject(jobs.slice(1).map(() => ({ starts_in_seconds: null })));
  });

  it("does not name another project's jobs", async () => {
    const stranger = await api.makeKey('viewer', 'other');
    const { queue } = await json(await api.fetch('/pools/local/forecast', { key: stranger }));
    expect(queue).toMatchObject(jobs.slice(1).map((_id, index) => ({ job_id: null, model: null, position: index + 1 })));
  });
});

describe('an operator', () => {
  it('makes a pool once', async () => {
    const pool = { id: 'gpu', launcher: 'kubernetes', max_workers: 3, gpus_per_worker: 2, settings: { nodeSelector: { gpu: 'yes' } } };
    const created = await send('POST', '/pools', pool);
    expect([created.status, await json(created)]).toMatchObject([
      201,
      { id: 'gpu', max_workers: 3, gpus_per_worker: 2, usage: { queued: 0 } },
    ]);
    expect((await send('POST', '/pools', pool)).status).toBe(409);
  });

  it('changes only the pool that was seen', async () => {
    const { version } = await json(await api.fetch('/pools/local'));
    expect((await send('PATCH', '/pools/local', { version, max_workers: 3 })).status).toBe(200);
    expect((await send('PATCH', '/pools/local', { version, max_workers: 9 })).status).toBe(409);
    expect((await api.db.pools.get('local'))?.maxWorkers).toBe(3);
  });

  it('drains a pool: it launches nothing more, and its jobs pause', async () => {
    expect(await json(await send('POST', '/pools/local/drain'))).toMatchObject({ paused: true });
    expect((await api.db.jobs.get(jobs[0] as string))?.status).toBe('pausing');
    expect((await api.db.jobs.get(jobs[1] as string))?.status).toBe('queued');
  });

  it('leaves a trace of everything, with what it was before', async () => {
    const { data } = await json(await send('GET', '/audit_events'));
    expect(data).toMatchObject([
      { action: 'pool.drain', subject: 'local', before: { paused: false }, after: { paused: true }, key: { name: 'operator' } },
      { action: 'pool.update', subject: 'local', before: { maxWorkers: 2 }, after: { maxWorkers: 3 } },
      { action: 'pool.create', subject: 'gpu', before: {} },
    ]);
  });

  it('is somebody else than a submitter', async () => {
    for (const [method, path] of [
      ['POST', '/pools'],
      ['PATCH', '/pools/local'],
      ['POST', '/pools/local/drain'],
      ['GET', '/audit_events'],
    ] as const)
      expect((await send(method, path, method === 'GET' ? undefined : {}, api.key)).status).toBe(403);
  });
});
