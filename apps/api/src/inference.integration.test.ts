import {
  AppError,
  chatCompletionChunkSchema,
  chatCompletionSchema,
  completionSchema,
  type GenerateChunk,
  type GenerateRequest,
  modelComparisonSchema,
} from '@capstan/core';
import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BASE_MODEL, startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
let tuned = '';
let asked: GenerateRequest[] = [];
const DONE: GenerateChunk = { type: 'done', finishReason: 'stop', promptTokens: 5, completionTokens: 2, tokensPerSecond: 40 };

beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
  tuned = `ft:${BASE_MODEL}:capstan::abc`;
  const file = await api.trainingFile();
  const { id } = (await (await api.postJson('/fine_tuning/jobs', { model: BASE_MODEL, training_file: file })).json()) as { id: string };
  await api.apply(id, { type: 'launched' });
  const artifacts = [{ path: 'adapter_model.safetensors', sha256: 'a'.repeat(64), bytes: 1 }];
  const model = { base: BASE_MODEL, method: 'lora', artifacts, config: {}, ownedBy: 'default' } as const;
  const applied = await api.db.jobs.applyEvent(id, { type: 'workersSucceeded', fineTunedModel: tuned, trainedTokens: 10 }, { model });
  expect(applied.ok).toBe(true);
});
beforeEach(() => {
  asked = [];
  api.onGenerate = async function* (request) {
    asked.push(request);
    yield { type: 'token', text: 'Hel' };
    yield { type: 'token', text: 'lo' };
    yield DONE;
  };
});
afterAll(() => api.close());

const messages = [{ role: 'user', content: 'Hi' }];

/** The data lines of an event stream. */
async function dataOf(response: Response): Promise<string[]> {
  return (await response.text()).split('\n\n').flatMap((message) => (message.startsWith('data: ') ? [message.slice(6)] : []));
}

describe('chat completions', () => {
  it('answers whole, with usage and speed', async () => {
    const body = {
      model: tuned,
      messages: [{ role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] }, ...messages],
      max_completion_tokens: 9,
      stop: '\n',
      seed: 3,
      user: 'u',
      store: false,
    };
    const completion = chatCompletionSchema.parse(await (await api.postJson('/chat/completions', body)).json());
    expect(completion).toMatchObject({
      model: tuned,
      choices: [{ message: { content: 'Hello' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
      capstan: { tokens_per_second: 40 },
    });
    expect(asked[0]).toMatchObject({
      modelId: tuned,
      adapter: [{ path: 'adapter_model.safetensors' }],
      input: {
        messages: [
          { role: 'system', content: 'Be kind.' },
          { role: 'user', content: 'Hi' },
        ],
      },
      maxTokens: 9,
      temperature: 0,
      topP: 1,
      seed: 3,
      stop: ['\n'],
    });
  });

  it('passes on how to decode, in transformers’ words under our key', async () => {
    const capstan = { top_k: 40, repetition_penalty: 1.2, num_beams: 1, length_penalty: 0.5, early_stopping: 'never' };
    expect((await api.postJson('/chat/completions', { model: tuned, messages, temperature: 0.7, capstan })).status).toBe(200);
    const decoding = { topK: 40, repetitionPenalty: 1.2, numBeams: 1, lengthPenalty: 0.5, earlyStopping: 'never' };
    expect(asked[0]).toMatchObject({ temperature: 0.7, decoding });
    expect((await api.postJson('/completions', { model: tuned, prompt: 'Hi', capstan: { num_beams: 4 } })).status).toBe(200);
    expect(asked[1]?.decoding).toEqual({ numBeams: 4 });
  });

  it('streams chunks, the usage if asked for, and [DONE]', async () => {
    const response = await api.postJson('/chat/completions', {
      model: BASE_MODEL,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const lines = await dataOf(response);
    expect(lines.at(-1)).toBe('[DONE]');
    const chunks = lines.slice(0, -1).map((line) => chatCompletionChunkSchema.parse(JSON.parse(line)));
    expect(chunks.map(({ choices }) => choices[0]?.delta.content)).toEqual(['', 'Hel', 'lo', undefined, undefined]);
    expect(chunks[3]).toMatchObject({ choices: [{ finish_reason: 'stop' }], capstan: { tokens_per_second: 40 } });
    expect(chunks[4]).toMatchObject({ choices: [], usage: { total_tokens: 7 } });
  });

  it('a full server is answered with 429 and when to come again, streamed or not', async () => {
    const busy = Promise.reject(new AppError('rate_limited', 'All servers are busy.', { retryAfterMs: 1_500 }));
    busy.catch(() => undefined);
    api.onGenerate = async function* () {
      yield await busy;
    };
    for (const stream of [false, true]) {
      const response = await api.postJson('/chat/completions', { model: BASE_MODEL, messages, stream });
      expect(response.status).toBe(429);
      expect(response.headers.get('retry-after')).toBe('2');
      expect(response.headers.get('retry-after-ms')).toBe('1500');
    }
  });

  it('a failure after the first piece is said inside the stream', async () => {
    api.onGenerate = async function* () {
      yield { type: 'token', text: 'Hel' };
      throw new AppError('unavailable', 'The server is gone.');
    };
    const lines = await dataOf(await api.postJson('/chat/completions', { model: BASE_MODEL, messages, stream: true }));
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ error: { message: 'The server is gone.', type: 'server_error' } });
  });

  it('a client that leaves ends the generation', async () => {
    let ended: () => void = () => {};
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    api.onGenerate = async function* (_request, { signal }) {
      signal.addEventListener('abort', () => ended());
      yield { type: 'token', text: 'Hel' };
      await end;
    };
    const leaving = new AbortController();
    const response = await api.fetch('/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      signal: leaving.signal,
      body: JSON.stringify({ model: BASE_MODEL, messages, stream: true }),
    });
    await response.body?.getReader().read();
    leaving.abort();
    await end;
  });
});

describe('completions and comparisons', () => {
  it('a bare prompt reaches the model as it was written', async () => {
    const completion = completionSchema.parse(
      await (await api.postJson('/completions', { model: BASE_MODEL, prompt: ' Hi ', max_tokens: 4 })).json(),
    );
    expect(completion).toMatchObject({ object: 'text_completion', choices: [{ text: 'Hello' }], usage: { total_tokens: 7 } });
    expect(asked[0]?.input).toEqual({ prompt: ' Hi ' });
  });

  it('one fine-tuned model is compared with its base', async () => {
    const comparison = modelComparisonSchema.parse(await (await api.postJson('/models/compare', { models: [tuned], prompt: 'Hi' })).json());
    expect(comparison.data.map(({ model, kind, output }) => [model, kind, output])).toEqual([
      [BASE_MODEL, 'base', 'Hello'],
      [tuned, 'fine-tuned', 'Hello'],
    ]);
  });
});

describe('models', () => {
  it('are found by names with colons, encoded or not, and deleted once', async () => {
    for (const path of [`/models/${tuned}`, `/models/${encodeURIComponent(tuned)}`]) {
      expect(await (await api.fetch(path)).json()).toMatchObject({
        id: tuned,
        object: 'model',
        capstan: { base: BASE_MODEL, method: 'lora' },
      });
    }
    expect(((await (await api.fetch('/models')).json()) as { data: { id: string }[] }).data.map(({ id }) => id).sort()).toEqual(
      [tuned, BASE_MODEL].sort(),
    );
    expect((await api.fetch(`/models/${tuned}`, { method: 'DELETE' })).status).toBe(200);
    expect((await api.fetch(`/models/${tuned}`)).status).toBe(404);
  });
});
