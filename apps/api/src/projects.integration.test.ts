import { type CapstanClient, createClient } from '@capstan/client';
import { systemClock } from '@capstan/runtime';
import { createTestDatabase } from '@capstan/testing';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_MODEL, startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
let admin: CapstanClient;
let submitter: CapstanClient;
beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
  admin = createClient({ baseUrl: api.url, apiKey: await api.makeKey('admin'), clock: systemClock });
  submitter = createClient({ baseUrl: api.url, apiKey: api.key, clock: systemClock, maxRetries: 0 });
});
afterAll(() => api.close());

describe('projects', () => {
  it('are made, limited, renamed and listed by admins, with a trace', async () => {
    const made = await admin.projects.create({ name: 'research', max_queued_jobs: 5 });
    expect(made).toMatchObject({
      object: 'project',
      name: 'research',
      quota: { max_concurrent_gpus: null, max_queued_jobs: 5, monthly_budget_usd: null },
      usage: { held_gpus: 0, queued_jobs: 0, spent_usd: 0 },
    });
    await expect(admin.projects.create({ name: 'research' })).rejects.toMatchObject({ status: 409, code: 'project_exists' });
    const changed = await admin.projects.update(made.id, { name: 'lab', max_concurrent_gpus: 4 });
    expect(changed).toMatchObject({ name: 'lab', quota: { max_concurrent_gpus: 4, max_queued_jobs: 5 } });
    expect((await admin.projects.update(made.id, { max_queued_jobs: null })).quota.max_queued_jobs).toBeNull();
    await expect(admin.projects.update(made.id, { name: 'default' })).rejects.toMatchObject({ status: 409 });
    expect((await admin.projects.list()).data.map(({ name }) => name)).toEqual(['default', 'lab']);
    expect((await admin.audit.list()).data[1]).toMatchObject({
      action: 'project.update',
      before: { name: 'research', max_concurrent_gpus: null },
      after: { name: 'lab', max_concurrent_gpus: 4 },
    });
  });

  it('are seen by others only where they are their own, and changed by none of them', async () => {
    const other = (await admin.projects.list()).data.find(({ name }) => name === 'lab')?.id ?? '';
    expect(await submitter.projects.retrieve(api.projectId)).toMatchObject({ name: 'default' });
    await expect(submitter.projects.retrieve(other)).rejects.toMatchObject({ status: 404 });
    await expect(submitter.projects.list()).rejects.toMatchObject({ status: 403 });
    await expect(submitter.projects.update(api.projectId, { max_queued_jobs: 1 })).rejects.toMatchObject({ status: 403 });
  });
});

describe('a submission beyond the limits of its project', () => {
  const request = async () => ({ model: BASE_MODEL, training_file: await api.trainingFile() });

  it('waits its turn at a full queue: 429 rate_limit_exceeded, worth another try', async () => {
    await admin.projects.update(api.projectId, { max_queued_jobs: 1 });
    const { id } = await submitter.jobs.create(await request());
    const refused = await api.postJson('/fine_tuning/jobs', await request());
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await refused.json()).toMatchObject({ error: { type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null } });
    await submitter.jobs.cancel(id);
    await submitter.jobs.cancel((await submitter.jobs.create(await request())).id);
  });

  it('ends at a spent budget: 429 insufficient_quota, which clients do not repeat', async () => {
    await admin.projects.update(api.projectId, { max_queued_jobs: null, monthly_budget_usd: 0 });
    let requests = 0;
    const counting: typeof fetch = (...call) => {
      requests += 1;
      return fetch(...call);
    };
    const openai = new OpenAI({ baseURL: api.url, apiKey: api.key, fetch: counting });
    const error = await openai.fineTuning.jobs.create(await request()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ status: 429, code: 'insufficient_quota', type: 'insufficient_quota' });
    expect(requests).toBe(1);
    await admin.projects.update(api.projectId, { monthly_budget_usd: null });
    expect((await submitter.jobs.create(await request())).status).toBe('queued');
  });

  it('holds for a retry too, and for a job that could never start', async () => {
    await admin.projects.update(api.projectId, { max_concurrent_gpus: 1 });
    const wide = { ...(await request()), capstan: { resources: { workers: 2 }, training: { micro_batch_size: 1 } } };
    await expect(submitter.jobs.create(wide)).rejects.toMatchObject({ status: 429, code: 'insufficient_quota' });
    const { id } = await submitter.jobs.create(await request());
    await submitter.jobs.cancel(id);
    await admin.projects.update(api.projectId, { max_queued_jobs: 0 });
    await expect(submitter.jobs.retry(id)).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    await admin.projects.update(api.projectId, { max_concurrent_gpus: null, max_queued_jobs: null });
  });

  it('is said of a job that waits for its project, in the job and in lists', async () => {
    const { id } = await submitter.jobs.create(await request());
    await admin.projects.update(api.projectId, { max_concurrent_gpus: 0 });
    expect(await api.db.jobs.launch({ jobId: id, expectedAttempt: 1, poolId: 'local' })).toMatchObject({ reason: 'QuotaExceeded' });
    const expected = {
      state: 'queued',
      reason: 'QuotaExceeded',
      position: null,
      eta: null,
      message: expect.stringContaining('0 of the 0 GPUs'),
    };
    expect((await submitter.jobs.retrieve(id)).capstan).toMatchObject(expected);
    expect((await submitter.jobs.list({ search: id })).data[0]?.capstan).toMatchObject(expected);
  });
});
