import { createTestDatabase } from '@capstan/testing';
import OpenAI, { type APIError, AuthenticationError, BadRequestError, ConflictError, NotFoundError, toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_MODEL, ROWS, startTestApi, type TestApi } from '../../apps/api/src/testing/start-test-api.ts';

/** OpenAI's own client, unchanged: only `baseURL` and `apiKey` are set. */
let api: TestApi;
let client: OpenAI;
let trainingFile = '';
/** Requests as the client's library sent them. */
const sent: { url: string; method: string; retryCount: string | null }[] = [];

const countingFetch: typeof fetch = (input, init) => {
  const request = new Request(input, init);
  sent.push({ url: request.url, method: request.method, retryCount: request.headers.get('x-stainless-retry-count') });
  return fetch(request);
};

beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
  client = new OpenAI({ baseURL: api.url, apiKey: api.key, fetch: countingFetch });
  trainingFile = await api.trainingFile();
});
afterAll(() => api.close());

const submit = (change: Partial<OpenAI.FineTuning.JobCreateParams> = {}) =>
  client.fineTuning.jobs.create({ model: BASE_MODEL, training_file: trainingFile, ...change });

describe('files', () => {
  it('create, wait, retrieve, list, content, delete', async () => {
    const file = await client.files.create({ file: await toFile(Buffer.from(ROWS), 'train.jsonl'), purpose: 'fine-tune' });
    expect(file).toMatchObject({ object: 'file', status: 'processed', purpose: 'fine-tune' });
    expect((await client.files.waitForProcessing(file.id)).status).toBe('processed');
    expect((await client.files.retrieve(file.id)).bytes).toBe(Buffer.byteLength(ROWS));
    expect(await (await client.files.content(file.id)).text()).toBe(ROWS);
    const ids = [];
    for await (const { id } of client.files.list({ limit: 1, purpose: 'fine-tune' })) ids.push(id);
    expect(ids).toEqual([file.id, trainingFile]);
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toBeInstanceOf(NotFoundError);
  });

  it('an expiry is taken and shown', async () => {
    const expires_after = { anchor: 'created_at', seconds: 3_600 } as const;
    const file = await client.files.create({ file: await toFile(Buffer.from(ROWS), 'a.jsonl'), purpose: 'fine-tune', expires_after });
    expect(file.expires_at).toBe(file.created_at + 3_600);
    await client.files.delete(file.id);
  });

  it('a bad dataset is a BadRequestError that names the line', async () => {
    const upload = client.files.create({ file: await toFile(Buffer.from('{"prompt": "a"}'), 'bad.jsonl'), purpose: 'fine-tune' });
    const error = await upload.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, param: 'file', code: 'invalid_training_file' });
    expect((error as APIError).message).toMatch(/line 1/);
  });
});

describe('fine-tuning jobs', () => {
  it('create answers queued, with all that the types promise', async () => {
    const job = await submit({
      suffix: 'numbers',
      seed: 1,
      metadata: { team: 'a' },
      method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 2 } } },
    });
    expect(job).toMatchObject({
      object: 'fine_tuning.job',
      status: 'queued',
      error: null,
      fine_tuned_model: null,
      finished_at: null,
      trained_tokens: null,
      validation_file: null,
      result_files: [],
      seed: 1,
      metadata: { team: 'a' },
      hyperparameters: { n_epochs: 2 },
    });
    expect(await client.fineTuning.jobs.retrieve(job.id)).toMatchObject({ id: job.id });
  });

  it('list pages through all, newest first, and filters by metadata', async () => {
    const made = [];
    for (let index = 0; index < 5; index++) made.unshift((await submit({ metadata: { series: 'e2e' } })).id);
    const listed = [];
    for await (const { id } of client.fineTuning.jobs.list({ limit: 2, metadata: { series: 'e2e' } })) listed.push(id);
    expect(listed).toEqual(made);
    const all = [];
    for await (const { id } of client.fineTuning.jobs.list({ limit: 2 })) all.push(id);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(expect.arrayContaining(made));
  });

  it('events and checkpoints are pages too', async () => {
    const { id } = await submit();
    await client.fineTuning.jobs.pause(id);
    await client.fineTuning.jobs.resume(id);
    const events = [];
    for await (const event of client.fineTuning.jobs.listEvents(id, { limit: 1 })) events.push(event);
    expect(events).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ object: 'fine_tuning.job.event', level: 'info', type: 'message' });
    expect((await client.fineTuning.jobs.checkpoints.list(id)).data).toEqual([]);
  });

  it('pause, resume and cancel stay within the six words of status', async () => {
    const { id } = await submit();
    expect(await client.fineTuning.jobs.pause(id)).toMatchObject({ status: 'queued', capstan: { state: 'paused' } });
    expect(await client.fineTuning.jobs.resume(id)).toMatchObject({ status: 'queued', capstan: { state: 'queued' } });
    expect((await client.fineTuning.jobs.cancel(id)).status).toBe('cancelled');
  });

  it('models are listed and retrieved', async () => {
    const models = [];
    for await (const { id } of client.models.list()) models.push(id);
    expect(models).toContain(BASE_MODEL);
    expect(await client.models.retrieve(BASE_MODEL)).toMatchObject({ id: BASE_MODEL, object: 'model', owned_by: 'capstan' });
  });
});

describe('chat completions', () => {
  it('whole and streamed', async () => {
    api.onGenerate = async function* () {
      yield { type: 'token', text: 'Hel' };
      yield { type: 'token', text: 'lo' };
      yield { type: 'done', finishReason: 'stop', promptTokens: 3, completionTokens: 2, tokensPerSecond: 50 };
    };
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    const whole = await client.chat.completions.create({ model: BASE_MODEL, messages });
    expect(whole.choices[0]?.message.content).toBe('Hello');
    expect(whole.usage?.total_tokens).toBe(5);
    let text = '';
    for await (const chunk of await client.chat.completions.create({ model: BASE_MODEL, messages, stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('Hello');
    expect((await client.completions.create({ model: BASE_MODEL, prompt: 'Hi' })).choices[0]?.text).toBe('Hello');
  });
});

describe('errors', () => {
  it.each([
    ['a wrong key', () => new OpenAI({ baseURL: api.url, apiKey: 'sk-wrong' }).models.list(), AuthenticationError],
    ['an unknown job', () => client.fineTuning.jobs.retrieve('ftjob-none'), NotFoundError],
    ['an unknown model', () => submit({ model: 'gpt-4o-mini' }), BadRequestError],
    ['a method that is not there', () => submit({ method: { type: 'dpo' } }), BadRequestError],
    ['a conflict', async () => client.fineTuning.jobs.resume((await client.fineTuning.jobs.cancel((await submit()).id)).id), ConflictError],
  ])('%s is of the class that the client promises, with a request id', async (_name, call, type) => {
    const error = await Promise.resolve(call()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(type);
    expect((error as APIError).requestID).toMatch(/^req_/);
  });

  it('a conflict is sent once: the client is told that repeating cannot help', async () => {
    const { id } = await submit();
    await client.fineTuning.jobs.cancel(id);
    sent.length = 0;
    await expect(client.fineTuning.jobs.pause(id)).rejects.toBeInstanceOf(ConflictError);
    expect(sent).toHaveLength(1);
  });

  it('a create whose answer was lost is repeated by the client and makes one job', async () => {
    let losses = 2;
    const losing: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (losses-- > 0) throw new TypeError('the connection broke');
      return response;
    };
    const unlucky = new OpenAI({ baseURL: api.url, apiKey: api.key, fetch: losing });
    const job = await unlucky.fineTuning.jobs.create({ model: BASE_MODEL, training_file: trainingFile, metadata: { lost: 'twice' } });
    const jobs = await client.fineTuning.jobs.list({ metadata: { lost: 'twice' } });
    expect(jobs.data.map(({ id }) => id)).toEqual([job.id]);
  });

  it('429 is repeated after the time that the server names', async () => {
    let calls = 0;
    const { AppError } = await import('@capstan/core');
    api.onGenerate = async function* () {
      calls += 1;
      if (calls === 1) throw new AppError('rate_limited', 'All servers are busy.', { retryAfterMs: 50 });
      yield { type: 'done', finishReason: 'stop', promptTokens: 1, completionTokens: 0, tokensPerSecond: 1 };
    };
    await client.chat.completions.create({ model: BASE_MODEL, messages: [{ role: 'user', content: 'Hi' }] });
    expect(calls).toBe(2);
  });
});
