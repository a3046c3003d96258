import { type GenerateChunk, type GenerateRequest, ShutdownError } from '@capstan/core';
import { createInferenceClient, type InferenceClient } from '@capstan/proto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EXIT_STATUS } from './failure.ts';
import { serve } from './serve.ts';
import { startTestScheduler, type TestScheduler } from './test-scheduler.ts';
import { train } from './train.ts';

vi.setConfig({ testTimeout: 90_000 });

let scheduler: TestScheduler;
let client: InferenceClient;
let shutdown: AbortController;
let serving: Promise<number>;

beforeEach(async () => {
  scheduler = await startTestScheduler({ totalSteps: 6, evalEverySteps: 0, maxSourceTokens: 512 });
  client = createInferenceClient({ address: `127.0.0.1:${scheduler.server.port}`, token: 'api' });
  shutdown = new AbortController();
  serving = serve(scheduler.host({ token: 'server', shutdown: shutdown.signal }));
});
afterEach(async () => {
  shutdown.abort(new ShutdownError());
  expect(await serving).toBe(EXIT_STATUS.success);
  client.close();
  await scheduler.close();
});

const signal = new AbortController().signal;
let requests = 0;

function makeRequest(overrides: Partial<GenerateRequest> = {}): GenerateRequest {
  requests += 1;
  return {
    requestId: `request-${requests}`,
    modelId: 't5-test',
    baseModel: scheduler.assignment.baseModel,
    adapter: null,
    input: { prompt: 'Summarize this package description in one line: a fast library.' },
    maxTokens: 8,
    temperature: 0,
    topP: 1,
    seed: null,
    stop: [],
    ...overrides,
  };
}

async function ask(request: GenerateRequest): Promise<{ text: string; done: Extract<GenerateChunk, { type: 'done' }> }> {
  let text = '';
  for await (const chunk of client.generate(request, { signal })) {
    if (chunk.type === 'done') return { text, done: chunk };
    text += chunk.text;
  }
  throw new Error('The answer did not end.');
}

/** The first request finds the serving worker still starting. */
async function untilServing(): Promise<void> {
  await expect
    .poll(
      () =>
        ask(makeRequest({ maxTokens: 1 })).then(
          () => 'served',
          (error: Error) => error.message,
        ),
      { timeout: 60_000 },
    )
    .toBe('served');
}

it('answers with the base and with adapters over it, the same each time, and says how it ended', async () => {
  expect(await train(scheduler.host())).toBe(EXIT_STATUS.success);
  const [succeeded] = scheduler.of('succeeded');
  const [sample] = succeeded?.result.samples ?? [];
  await untilServing();
  const prompt = { input: { messages: [{ role: 'user' as const, content: sample?.prompt ?? '' }] }, maxTokens: 12 };
  const base = await ask(makeRequest(prompt));
  const adapted = await ask(makeRequest({ ...prompt, adapter: succeeded?.model ?? null }));
  expect(base.text).toBe(sample?.before);
  expect(adapted.text).toBe(sample?.after);
  expect(await ask(makeRequest(prompt))).toMatchObject({ text: base.text });
  expect(base.done).toMatchObject({ finishReason: 'length', completionTokens: 12 });
  expect(base.done.promptTokens).toBeGreaterThan(10);
  expect(base.done.tokensPerSecond).toBeGreaterThan(0);
});

it('ends at a stop string, without it', async () => {
  await untilServing();
  const { text } = await ask(makeRequest());
  const stop = text.slice(3, 6);
  const cut = await ask(makeRequest({ stop: [stop] }));
  expect(cut.text).toBe(text.slice(0, text.indexOf(stop)));
  expect(cut.done.finishReason).toBe('stop');
});

it('searches with beams, and repeats itself more or less as it is told', async () => {
  await untilServing();
  const [greedy, searched, varied] = [
    await ask(makeRequest()),
    await ask(makeRequest({ decoding: { numBeams: 3, lengthPenalty: 2 } })),
    await ask(makeRequest({ decoding: { repetitionPenalty: 0.01 } })),
  ];
  expect(searched.text).not.toBe('');
  expect(varied.text).not.toBe(greedy.text);
  await expect(ask(makeRequest({ temperature: 1, decoding: { numBeams: 3 } }))).rejects.toMatchObject({ code: 'invalid_request' });
});

it('a seed makes a sampled answer repeatable', async () => {
  await untilServing();
  const sampled = () => ask(makeRequest({ temperature: 1, seed: 5 }));
  const [first, second] = [await sampled(), await sampled()];
  expect(first.text).toBe(second.text);
  expect((await ask(makeRequest({ temperature: 1, seed: 6 }))).text).not.toBe(first.text);
});

it('a request that fails or is cancelled harms no other, and several at once are answered in turn', async () => {
  await untilServing();
  const missing = [{ path: 'adapter_config.json', sha256: '0'.repeat(64), bytes: 1 }];
  await expect(ask(makeRequest({ adapter: missing }))).rejects.toMatchObject({ code: 'model_invalid' });
  for await (const chunk of client.generate(makeRequest({ maxTokens: 100_000 }), { signal })) if (chunk.type === 'token') break;
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask(makeRequest())));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
});
