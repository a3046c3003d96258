import { type CapstanClient, createClient } from '@capstan/client';
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

const submit = (trainingFile = file) =>
  client.jobs.create({ model: BASE_MODEL, training_file: trainingFile, suffix: 'again', capstan: { priority: 7, lora: { r: 3 } } });

describe('a retry', () => {
  it('is a job of its own with the settings of one that failed, which stays as it ended', async () => {
    const first = await submit();
    const failure = { reason: 'TrainerError', message: 'It broke.', exitCode: 1 } as const;
    await api.apply(first.id, { type: 'launched' }, { type: 'jobFailed', ...failure });
    const second = await client.jobs.retry(first.id);
    expect(second).toMatchObject({
      status: 'queued',
      seed: first.seed,
      training_file: file,
      capstan: { retry_of: first.id, owner: 'submitter', priority: 7, lora: { r: 3 }, attempt: 0, cost_usd: 0 },
    });
    expect(second.id).not.toBe(first.id);
    expect(await api.queue.has({ poolId: 'local', jobId: second.id, attempt: 1 })).toBe(true);
    expect(await client.jobs.retrieve(first.id)).toMatchObject({ status: 'failed', capstan: { reason: 'TrainerError', retry_of: null } });
  });

  it('is one job however often it is asked for', async () => {
    const { id } = await submit();
    await client.jobs.cancel(id);
    const retries = await Promise.all(Array.from({ length: 5 }, () => client.jobs.retry(id)));
    expect(new Set(retries.map((job) => job.id)).size).toBe(1);
  });

  it('is refused while the job is still being tried, and where its dataset is gone', async () => {
    const other = await api.trainingFile();
    const { id } = await submit(other);
    await expect(client.jobs.retry(id)).rejects.toMatchObject({ status: 409, code: 'invalid_job_state' });
    await client.jobs.cancel(id);
    await client.files.delete(other);
    await expect(client.jobs.retry(id)).rejects.toMatchObject({ status: 400, param: 'training_file' });
  });

  it('is refused where the pool has become too small for it', async () => {
    const capstan = { resources: { workers: 2 }, training: { micro_batch_size: 1 } };
    const { id } = await client.jobs.create({ model: BASE_MODEL, training_file: file, capstan });
    await client.jobs.cancel(id);
    const operator = createClient({ baseUrl: api.url, apiKey: await api.makeKey('operator'), clock: systemClock });
    await operator.pools.update('local', { max_workers: 1 });
    await expect(client.jobs.retry(id)).rejects.toMatchObject({ status: 400, param: 'capstan.resources.workers' });
    await operator.pools.update('local', { max_workers: 2 });
    expect(await client.jobs.retry(id)).toMatchObject({ status: 'queued' });
  });
});

describe('the cost of a job that runs', () => {
  it('grows while its attempt is under way, in the job and in the list, and ends as what is billed', async () => {
    const { id } = await submit();
    await api.apply(id, { type: 'launched' }, { type: 'workersReady' });
    await api.db.jobs.markLaunched(id, 1);
    const costs = async () => {
      const [job, { data }] = await Promise.all([client.jobs.retrieve(id), client.jobs.list({ search: id })]);
      return [job.capstan.cost_usd, data[0]?.capstan.cost_usd ?? Number.NaN] as const;
    };
    const before = await costs();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const after = await costs();
    expect(after[0]).toBeGreaterThan(before[0]);
    expect(after[1]).toBeGreaterThan(before[1]);
    await api.apply(id, { type: 'cancelRequested' }, { type: 'workersGone' });
    const billed = (await client.jobs.retrieve(id)).capstan.cost_usd;
    expect(billed).toBeGreaterThanOrEqual(after[0]);
    expect(billed).toBeCloseTo(after[0], 3);
  });
});
