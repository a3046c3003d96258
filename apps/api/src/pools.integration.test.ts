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

  it('lists as much of the queue as is asked for, and counts all that would start', async () => {
    const short = await json(await api.fetch('/pools/local/forecast?max_workers=8&limit=1'));
    expect(short).toMatchObject({ queued: 3, starting: 3, queue: [{ job_id: jobs[1], position: 1 }] });
    expect(short.queue).toHaveLength(1);
    expect(await json(await api.fetch('/pools/local/forecast?limit=0'))).toMatchObject({ queue: [], starting: 1 });
    expect((await api.fetch('/pools/local/forecast?limit=1001')).status).toBe(400);
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
    const pool = {
      id: 'gpu',
      launcher: 'kubernetes',
      max_workers: 3,
      gpus_per_worker: 2,
      settings: { image: 'worker', nodeSelector: { gpu: 'yes' } },
    };
    const created = await send('POST', '/pools', pool);
    expect([created.status, await json(created)]).toMatchObject([
      201,
      { id: 'gpu', max_workers: 3, gpus_per_worker: 2, usage: { queued: 0 } },
    ]);
    expect((await send('POST', '/pools', pool)).status).toBe(409);
  });

  it('sees what the cluster could hold of a pool, once a scheduler has looked', async () => {
    expect(await json(await api.fetch('/pools/gpu'))).toMatchObject({ capacity: null });
    const readAt = new Date('2026-01-01T00:00:00Z');
    await api.db.poolCapacities.save([{ poolId: 'gpu', slots: 12, nodes: 3, closedNodes: 1, readAt }]);
    await api.db.poolCapacities.save([{ poolId: 'gpu', slots: 1, nodes: 1, closedNodes: 1, readAt: new Date(readAt.getTime() - 1) }]);
    const { capacity } = await json(await api.fetch('/pools/gpu'));
    expect(capacity).toEqual({ slots: 12, nodes: 3, closed_nodes: 1, read_at: readAt.getTime() / 1000 });
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

  it('tells a drained job why it is paused, until its owner wants it to be', async () => {
    const [id = ''] = jobs;
    await api.apply(id, { type: 'paused' });
    const state = async (response: Promise<Response>) => (await json(await response)).capstan;
    expect(await state(api.fetch(`/fine_tuning/jobs/${id}`))).toMatchObject({ state: 'paused', reason: 'PoolDrained' });
    expect(await state(api.postJson(`/fine_tuning/jobs/${id}/pause`, {}))).toMatchObject({ state: 'paused', reason: 'PausedByUser' });
  });

  it('leaves a trace of everything, with what it was before', async () => {
    const { data } = await json(await send('GET', '/audit_events'));
    expect(data).toMatchObject([
      { action: 'pool.drain', subject: 'local', before: { paused: false }, after: { paused: true }, key: { name: 'operator' } },
      { action: 'pool.update', subject: 'local', before: { maxWorkers: 2 }, after: { maxWorkers: 3 } },
      { action: 'pool.create', subject: 'gpu', before: {} },
    ]);
  });

  it('tells everybody what became of a pool, but not by whose key', async () => {
    const { data } = await json(await api.fetch('/pools/local/events'));
    const by = { actor: 'operator', reason: 'ByOperator' };
    expect(data).toMatchObject([
      { ...by, action: 'pool.drain', message: expect.stringMatching(/^Drained: /), before: { max_workers: 3 }, after: { max_workers: 3 } },
      { ...by, action: 'pool.update', message: 'Scaled from 2 to 3 workers.', before: { max_workers: 2 }, after: { max_workers: 3 } },
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

describe('the autoscaling of a pool', () => {
  const patch = (autoscale: unknown, key = operator) => send('PATCH', '/pools/gpu', { autoscale }, key);

  it('is off, until an operator says when and how far; what is left out stays', async () => {
    const off = { enabled: false, target_wait_seconds: 300, floor: 0, ceiling: 10, cool_down_seconds: 300 };
    expect(await json(await api.fetch('/pools/gpu'))).toMatchObject({ autoscale: off });
    expect(await json(await patch({ enabled: true, ceiling: 4 }))).toMatchObject({ autoscale: { ...off, enabled: true, ceiling: 4 } });
    const [latest] = (await json(await send('GET', '/audit_events'))).data as Answer[];
    expect(latest).toMatchObject({
      action: 'pool.update',
      before: { autoscale: { enabled: false } },
      after: { autoscale: { ceiling: 4 } },
    });
  });

  it('is refused with a floor above the ceiling, and from a submitter', async () => {
    const refused = await patch({ floor: 5 });
    expect([refused.status, await json(refused)]).toMatchObject([400, { error: { param: 'autoscale.floor' } }]);
    expect((await patch({ pace: 5 })).status).toBe(400);
    expect((await patch({ floor: 1 }, api.key)).status).toBe(403);
  });

  it('lists its decisions for everybody, beside what operators did', async () => {
    const pool = await api.db.pools.get('gpu');
    if (pool === null) throw new Error('no pool');
    const decision = { workers: 4, reason: 'QueueWaitsTooLong', message: 'Jobs wait up to 12 min.', actor: 'autoscaler' } as const;
    await api.db.pools.scale(pool, decision);
    const { data } = await json(await api.fetch('/pools/gpu/events?limit=5'));
    const change = { before: { max_workers: 3 }, after: { max_workers: 4 } };
    expect(data).toMatchObject([
      { object: 'pool.event', pool: 'gpu', action: 'pool.scale', ...withoutWorkers(decision), ...change },
      { actor: 'operator', message: expect.stringMatching(/^Autoscaling is on: 0 to 4 workers/) },
    ]);
    expect((await api.fetch('/pools/none/events')).status).toBe(404);
  });
});

function withoutWorkers<Decision extends { workers: number }>({ workers: _workers, ...decision }: Decision) {
  return decision;
}

describe("the launcher's settings of a pool", () => {
  it('are shown to operators only, who change them whole', async () => {
    expect(await json(await api.fetch('/pools/gpu'))).not.toHaveProperty('settings');
    expect(await json(await send('GET', '/pools/gpu'))).toMatchObject({ settings: { nodeSelector: { gpu: 'yes' } } });
    const settings = { image: 'worker', nodeSelector: { zone: 'a' } };
    const changed = await json(await send('PATCH', '/pools/gpu', { gpus_per_worker: 4, settings }));
    expect([changed.gpus_per_worker, changed.settings]).toEqual([4, settings]);
  });

  it.each([
    [{}, 'settings.image', "Missing required parameter: 'settings.image'. Give the image of its workers."],
    [{ image: 'worker', nodeselector: {} }, 'settings.nodeselector', /^Unknown parameter: 'settings\.nodeselector'\./],
    [{ image: 'worker', cpu: 'many' }, 'settings.cpu', /quantity, as Kubernetes has it/],
    [{ image: 'worker', tolerations: ['gpu'] }, 'settings.tolerations[0]', /Write an object/],
  ])('%j are refused where the launcher could not use them', async (settings, param, message) => {
    const pool = { id: 'unusable', launcher: 'kubernetes', max_workers: 1, settings };
    for (const [method, path, body] of [
      ['POST', '/pools', pool],
      ['PATCH', '/pools/gpu', { settings }],
    ] as const) {
      const refused = await send(method, path, body);
      expect([refused.status, (await json(refused)).error]).toMatchObject([400, { param, message: expect.stringMatching(message) }]);
    }
    expect((await send('PATCH', '/pools/local', { settings })).status).toBe(200);
  });
});

describe('what a pool held', () => {
  it('is a curve of 90 spans that ends now', async () => {
    const usage = await json(await api.fetch('/pools/local/usage?hours=1'));
    expect(usage).toMatchObject({ object: 'pool.usage', pool: 'local', unit: 'worker', bucket_seconds: 40 });
    const spans = usage.data as { start: number; average: number; peak: number }[];
    expect(spans).toHaveLength(90);
    expect(Math.max(...spans.map(({ peak }) => peak))).toBe(1);
    expect((await api.fetch('/pools/local/usage?hours=0')).status).toBe(400);
  });
});
