import { eventObjectSchema, type JobObject, jobObjectSchema, listSchema, poolSchema } from '@capstan/core';
import { createTestDatabase, makeStepReport } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_MODEL, startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
let file = '';

beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
  file = await api.trainingFile();
});
afterAll(() => api.close());

async function create(change: object = {}, headers: Record<string, string> = {}): Promise<JobObject> {
  const response = await api.postJson('/fine_tuning/jobs', { model: BASE_MODEL, training_file: file, ...change }, headers);
  expect(response.status).toBe(201);
  return jobObjectSchema.parse(await response.json());
}

async function get(id: string): Promise<JobObject> {
  return jobObjectSchema.parse(await (await api.fetch(`/fine_tuning/jobs/${id}`)).json());
}

describe('create', () => {
  it('answers with everything resolved, a reason to wait, and an estimate', async () => {
    const job = await create({
      suffix: 'numbers',
      seed: 7,
      metadata: { team: 'a' },
      method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 2 } } },
    });
    expect(job).toMatchObject({
      status: 'queued',
      model: BASE_MODEL,
      training_file: file,
      seed: 7,
      metadata: { team: 'a' },
      error: null,
      hyperparameters: { batch_size: 8, learning_rate_multiplier: 1, n_epochs: 2 },
      capstan: {
        state: 'queued',
        pool: 'local',
        priority: 50,
        training: { total_steps: 15, learning_rate: 0.001, warmup_steps: 1 },
        lora: { r: 8, alpha: 16 },
      },
    });
    expect(job.capstan.reason).not.toBeNull();
    // Every linear layer of t5-nano but its head, r 8: 12 attentions of 4, 8 feed-forwards of 3.
    expect(job.capstan.estimate.trainable_parameters).toBe(8 * (12 * 4 * (192 + 192) + 8 * 3 * (192 + 512)));
  });

  it('writes down the files of the base, which every attempt gets', async () => {
    const { id } = await create();
    const [job, base] = await Promise.all([api.db.jobs.get(id), api.db.models.get(BASE_MODEL, 'any')]);
    expect(job?.spec.baseModel).toEqual(base?.artifacts);
    expect(job?.spec.baseModel?.length).toBeGreaterThan(0);
  });

  it('is in the queue of its pool when the answer is there', async () => {
    const job = await create();
    expect(await api.queue.has({ poolId: 'local', jobId: job.id, attempt: 1 })).toBe(true);
  });

  it('the deprecated place of hyperparameters works, and the new one wins', async () => {
    const job = await create({
      hyperparameters: { n_epochs: 4, batch_size: 'auto' },
      method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 1 } } },
    });
    expect(job.hyperparameters.n_epochs).toBe(1);
  });

  it('nulls that the client library may send mean nothing', async () => {
    await create({ suffix: null, seed: null, validation_file: null, metadata: null, integrations: null, capstan: null });
  });

  it('an estimate tells which validation rows the training file holds already', async () => {
    const row = (n: number) => `{"prompt":"Say ${n}.","completion":"${n}"}`;
    const upload = async (...numbers: number[]) => ((await (await api.upload(numbers.map(row).join('\n'))).json()) as { id: string }).id;
    const request = { model: BASE_MODEL, training_file: await upload(1, 2, 3, 4), validation_file: await upload(3, 5) };
    const { warnings } = (await (await api.postJson('/fine_tuning/jobs/estimate', request)).json()) as { warnings: string[] };
    expect(warnings.join()).toMatch(/1 validation row stands in the training file too \(50 %\)/);
  });

  it('an estimate makes no job', async () => {
    const count = async () => (await api.db.jobs.list({ projectId: api.projectId, limit: 100 })).jobs.length;
    const before = await count();
    const response = await api.postJson('/fine_tuning/jobs/estimate', { model: BASE_MODEL, training_file: file });
    expect(await response.json()).toMatchObject({ object: 'fine_tuning.job.estimate', steps: 23, seconds_basis: 'default' });
    expect(await count()).toBe(before);
  });
});

describe('repeats', () => {
  it('one Idempotency-Key makes one job, however many requests come at once', async () => {
    const key = { 'idempotency-key': 'once' };
    const jobs = await Promise.all(Array.from({ length: 20 }, () => create({ seed: 1 }, key)));
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
  });

  it('the same key with another body is a conflict that is not worth repeating', async () => {
    await create({ seed: 1 }, { 'idempotency-key': 'two' });
    const response = await api.postJson(
      '/fine_tuning/jobs',
      { model: BASE_MODEL, training_file: file, seed: 2 },
      { 'idempotency-key': 'two' },
    );
    expect(response.status).toBe(409);
    expect(response.headers.get('x-should-retry')).toBe('false');
  });

  it("a client library's own retry gets the first job, however often it comes", async () => {
    const first = await create({ seed: 3 }, { 'x-stainless-retry-count': '0' });
    const retries = await Promise.all(Array.from({ length: 8 }, () => create({ seed: 3 }, { 'x-stainless-retry-count': '1' })));
    expect(new Set(retries.map(({ id }) => id))).toEqual(new Set([first.id]));
    expect((await create({ seed: 3 }, { 'x-stainless-retry-count': '2' })).id).toBe(first.id);
  });

  it('the same request, meant twice, makes two jobs', async () => {
    const [first, second] = [await create({ seed: 4 }), await create({ seed: 4 })];
    expect(second.id).not.toBe(first.id);
    const counted = { 'x-stainless-retry-count': '0' };
    expect((await create({ seed: 4 }, counted)).id).not.toBe((await create({ seed: 4 }, counted)).id);
  });

  it("another key's equal request is not a retry", async () => {
    const body = JSON.stringify({ model: BASE_MODEL, training_file: file, seed: 5 });
    const headers = { 'content-type': 'application/json', 'x-stainless-retry-count': '1' };
    const first = await create({ seed: 5 });
    const other = await api.makeKey('submitter', 'elsewhere');
    const response = await api.fetch('/fine_tuning/jobs', { method: 'POST', body, headers, key: other });
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain(first.id);
  });
});

describe('list', () => {
  it('pages newest first by the last id, without gaps or repeats', async () => {
    const made = [];
    for (let i = 0; i < 5; i++) made.push((await create({ metadata: { series: 'pages' } })).id);
    const seen: string[] = [];
    let after = '';
    for (let page = 0; page < 5; page++) {
      const response = await api.fetch(`/fine_tuning/jobs?limit=2&metadata[series]=pages${after === '' ? '' : `&after=${after}`}`);
      const list = listSchema(jobObjectSchema).parse(await response.json());
      seen.push(...list.data.map(({ id }) => id));
      if (!list.has_more) break;
      after = list.data.at(-1)?.id ?? '';
    }
    expect(seen).toEqual(made.reverse());
  });

  it('metadata=null finds jobs without any', async () => {
    const list = listSchema(jobObjectSchema).parse(await (await api.fetch('/fine_tuning/jobs?metadata=null&limit=100')).json());
    expect(list.data.length).toBeGreaterThan(0);
    expect(list.data.every(({ metadata }) => metadata === null)).toBe(true);
  });
});

describe('cancel, pause, resume', () => {
  const post = async (id: string, action: string) => api.fetch(`/fine_tuning/jobs/${id}/${action}`, { method: 'POST' });
  const act = async (id: string, action: string) => jobObjectSchema.parse(await (await post(id, action)).json());

  it('a waiting job is cancelled at once, leaves the queue, and stays cancelled', async () => {
    const { id } = await create();
    expect(await act(id, 'cancel')).toMatchObject({ status: 'cancelled', capstan: { state: 'cancelled' } });
    expect(await api.queue.has({ poolId: 'local', jobId: id, attempt: 1 })).toBe(false);
    expect((await act(id, 'cancel')).status).toBe('cancelled');
    const resume = await post(id, 'resume');
    expect(resume.status).toBe(409);
    expect(resume.headers.get('x-should-retry')).toBe('false');
  });

  it('a paused job says so under capstan, and waits in the queue again once resumed', async () => {
    const { id } = await create();
    expect(await act(id, 'pause')).toMatchObject({
      status: 'queued',
      capstan: { state: 'paused', reason: 'PausedByUser', position: null },
    });
    expect(await act(id, 'pause')).toMatchObject({ capstan: { state: 'paused' } });
    expect(await act(id, 'resume')).toMatchObject({ status: 'queued', capstan: { state: 'queued' } });
    expect(await api.queue.has({ poolId: 'local', jobId: id, attempt: 1 })).toBe(true);
  });

  it('a running job is being cancelled until its ranks are gone', async () => {
    const { id } = await create({ capstan: { priority: 0 } });
    await api.apply(id, { type: 'launched' }, { type: 'workersReady' });
    expect(await act(id, 'cancel')).toMatchObject({ status: 'running', capstan: { state: 'cancelling', reason: 'Cancelling' } });
    await api.apply(id, { type: 'workersGone' });
    expect((await get(id)).status).toBe('cancelled');
  });
});

describe('why a job waits', () => {
  it('names those ahead, a full pool, a backoff, and what failed', async () => {
    await api.db.pools.ensure(poolSchema.parse({ id: 'small', launcher: 'process', maxWorkers: 1 }));
    const [first, second] = [await create({ capstan: { pool: 'small' } }), await create({ capstan: { pool: 'small' } })];
    expect((await get(second.id)).capstan).toMatchObject({ reason: 'QueuedBehindOthers', position: 2, ahead: 1 });
    await api.apply(first.id, { type: 'launched' });
    expect((await get(first.id)).capstan).toMatchObject({ state: 'starting', reason: 'Launching' });
    expect((await get(second.id)).capstan).toMatchObject({ reason: 'NoCapacity', position: 1, ahead: 0 });
    const failure = { reason: 'OOMKilled', message: 'The worker ran out of memory.', exitCode: 137 } as const;
    await api.apply(first.id, { type: 'attemptFailed', ...failure, notBefore: new Date(Date.now() + 60_000) });
    expect((await get(first.id)).capstan).toMatchObject({ state: 'queued', reason: 'BackingOff', attempt: 1, failures: 1 });
    await api.apply(second.id, { type: 'launched' }, { type: 'jobFailed', ...failure });
    const failed = await get(second.id);
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'OOMKilled', param: null }, capstan: { reason: 'OOMKilled' } });
    expect(failed.error?.message).toMatch(/micro_batch_size/);
    expect(failed.capstan.failure).toMatchObject({ reason: 'OOMKilled', retry: 'budgeted', attempt: 1, exit_code: 137, log_tail: [] });
  });

  it('a failed job tells how its last attempt ended: exit code, last step, and the last 50 lines of its log', async () => {
    const { id } = await create();
    await api.apply(id, { type: 'launched' });
    const line = (number: number) => ({
      jobId: id,
      attempt: 1,
      rank: 0,
      level: 'info' as const,
      message: `line ${number}`,
      at: new Date(),
    });
    await api.db.logs.append(Array.from({ length: 60 }, (_, index) => line(index + 1)));
    const { epoch } = (await api.db.jobs.get(id)) ?? expect.fail('no job');
    const steps = [1, 2, 3].map((step) => ({ sequence: step, report: makeStepReport(step) }));
    await api.db.reports.append({ identity: { jobId: id, attempt: 1, epoch, rank: 0 }, reports: steps });
    await api.apply(id, { type: 'jobFailed', reason: 'TrainerError', message: 'It broke.', exitCode: 1 });
    const { failure } = (await get(id)).capstan;
    expect(failure).toMatchObject({ reason: 'TrainerError', exit_code: 1, last_step: 3, attempt: 1, advice: expect.stringMatching(/log/) });
    expect(failure?.log_tail).toEqual(Array.from({ length: 50 }, (_, index) => `line ${index + 11}`));
  });
});

describe('records', () => {
  it('events are listed newest first, in pages', async () => {
    const { id } = await create();
    await api.apply(id, { type: 'pauseRequested' }, { type: 'resumeRequested' });
    const page = async (query: string) =>
      listSchema(eventObjectSchema).parse(await (await api.fetch(`/fine_tuning/jobs/${id}/events${query}`)).json());
    const all = await page('');
    expect(all.data).toHaveLength(3);
    expect(all.data.at(-1)?.message).toMatch(/created/);
    const first = await page('?limit=2');
    expect(first.has_more).toBe(true);
    const second = await page(`?limit=2&after=${first.data[1]?.id}`);
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(all.data.map(({ id }) => id));
  });
});

describe('a project', () => {
  it("sees nothing of another's files, jobs and models", async () => {
    const { id } = await create();
    const stranger = await api.makeKey('admin', 'strangers');
    for (const [method, path] of [
      ['GET', `/fine_tuning/jobs/${id}`],
      ['GET', `/fine_tuning/jobs/${id}/events`],
      ['GET', `/fine_tuning/jobs/${id}/checkpoints`],
      ['GET', `/fine_tuning/jobs/${id}/metrics`],
      ['GET', `/fine_tuning/jobs/${id}/logs`],
      ['GET', `/fine_tuning/jobs/${id}/stream`],
      ['GET', `/fine_tuning/jobs/${id}/adapter`],
      ['POST', `/fine_tuning/jobs/${id}/cancel`],
      ['POST', `/fine_tuning/jobs/${id}/pause`],
      ['POST', `/fine_tuning/jobs/${id}/resume`],
      ['GET', `/files/${file}`],
      ['GET', `/files/${file}/content`],
      ['GET', `/files/${file}/report`],
      ['DELETE', `/files/${file}`],
    ] as const) {
      expect([path, (await api.fetch(path, { method, key: stranger })).status]).toEqual([path, 404]);
    }
    for (const path of ['/fine_tuning/jobs', '/files']) {
      expect(await (await api.fetch(path, { key: stranger })).json()).toMatchObject({ data: [], has_more: false });
    }
    expect((await get(id)).status).toBe('queued');
  });
});
