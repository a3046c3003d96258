import { type GenerateChunk, type GenerateRequest, type JobSpec, ShutdownError } from '@capstan/core';
import { createInferenceClient } from '@capstan/proto';
import { initBackend, initModel, modelFiles } from '@capstan/trainer';
import { afterEach, expect, it, vi } from 'vitest';
import { EXIT_STATUS } from './failure.ts';
import { serve } from './serve.ts';
import { startTestScheduler, type TestScheduler } from './test-scheduler.ts';
import { train } from './train.ts';

vi.setConfig({ testTimeout: 90_000 });

const open: TestScheduler[] = [];
afterEach(async () => {
  for (const scheduler of open.splice(0)) await scheduler.close();
});

const SIZES = { vocab_size: 8192, hidden_size: 16, intermediate_size: 24, num_hidden_layers: 2, num_attention_heads: 2 };
const LLAMA = { model_type: 'llama', ...SIZES, num_key_value_heads: 1, tie_word_embeddings: true, eos_token_id: 1 };
const GPT2 = { model_type: 'gpt2', vocab_size: 8192, n_embd: 16, n_layer: 1, n_head: 2, n_positions: 256, eos_token_id: 1 };
const BERT = { model_type: 'bert', ...SIZES, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 };
const CHAT = { chat_template: "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{{ 'assistant: ' }}" };

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const lines = (rows: object[]) => new TextEncoder().encode(rows.map((row) => JSON.stringify(row)).join('\n'));

/** A scheduler whose job is about another base than its own T5, with the same tokenizer. */
async function start(config: object, extra: Record<string, Uint8Array>, spec: Partial<JobSpec> = {}): Promise<TestScheduler> {
  const scheduler = await startTestScheduler(
    { totalSteps: 8, evalEverySteps: 0, maxSourceTokens: 512, maxTargetTokens: 16, learningRate: 2e-2 },
    spec,
  );
  open.push(scheduler);
  await initBackend();
  const model = initModel(bytes(config), 1);
  const weights = { 'model-00001-of-00001.safetensors': (await modelFiles(model))['model.safetensors'] };
  const files = { 'config.json': bytes(config), ...weights, ...extra };
  model.dispose();
  const tokenizer = scheduler.assignment.baseModel.filter(({ path }) => path === 'tokenizer.json');
  scheduler.assignment.baseModel = [...tokenizer, ...Object.entries(files).map(([path, content]) => scheduler.store(path, content))];
  return scheduler;
}

interface Asked extends Pick<GenerateRequest, 'adapter' | 'input'> {
  maxTokens?: number;
}

/** The text, once the worker says `outcome`: how the answer ended, or why there is none. */
async function ask(scheduler: TestScheduler, question: Asked, outcome: string | RegExp = /^(stop|length)$/): Promise<string> {
  const client = createInferenceClient({ address: `127.0.0.1:${scheduler.server.port}`, token: 'api' });
  const shutdown = new AbortController();
  const serving = serve(scheduler.host({ token: 'server', shutdown: shutdown.signal }));
  const settings = { maxTokens: 16, temperature: 0, topP: 1, seed: null, stop: [] };
  const request = { requestId: 'request', modelId: 'model', baseModel: scheduler.assignment.baseModel, ...settings, ...question };
  let text = '';
  const answer = async () => {
    text = '';
    const chunks: AsyncIterable<GenerateChunk> = client.generate(request, { signal: new AbortController().signal });
    let reason = '';
    for await (const chunk of chunks) {
      if (chunk.type === 'token') text += chunk.text;
      else reason = chunk.finishReason;
    }
    return reason;
  };
  try {
    // The first request may find the serving worker still starting.
    await expect.poll(() => answer().catch((error: Error) => error.message), { timeout: 60_000 }).toMatch(outcome);
    return text;
  } finally {
    shutdown.abort(new ShutdownError());
    expect(await serving).toBe(EXIT_STATUS.success);
    client.close();
  }
}

it.each([
  ['Llama in shards, with a chat template', LLAMA, { 'tokenizer_config.json': bytes(CHAT) }],
  ['GPT-2 without one', GPT2, {}],
])('a %s is fine-tuned, measured, and answers as its samples say', async (_name, config, extra) => {
  const scheduler = await start(config, extra);
  expect(await train(scheduler.host())).toBe(EXIT_STATUS.success);
  const [succeeded] = scheduler.of('succeeded');
  expect(succeeded?.result.adapter?.loss).toBeLessThan(succeeded?.result.base?.loss ?? 0);
  const [sample] = succeeded?.result.samples ?? [];
  const input = { messages: [{ role: 'user' as const, content: sample?.prompt ?? '' }] };
  expect(await ask(scheduler, { input, adapter: succeeded?.model ?? [] })).toBe(sample?.after);
});

it('a GPT-2 answers as far as its positions reach, and says what is too long to be read', async () => {
  const scheduler = await start({ ...GPT2, n_positions: 24, n_embd: 8, initializer_range: 1 }, {});
  const prompt = (words: number) => ({ input: { prompt: 'the '.repeat(words).trim() }, adapter: null, maxTokens: 100 });
  await ask(scheduler, prompt(10), 'length');
  await ask(scheduler, prompt(400), /^The prompt has \d+ tokens; this model reads at most 23\. Shorten it\.$/);
});

const SECTIONS = ['net', 'games', 'admin'].flatMap((label) =>
  Array.from({ length: 6 }, (_, i) => ({ text: `${label} package number ${i} for ${label}`, label })),
);

it.each(['lora', 'full'] as const)('a BERT learns to tell classes apart with method %s, and answers with their names', async (method) => {
  const scheduler = await start(BERT, {}, { method });
  scheduler.assignment.trainingFile = scheduler.store('train.jsonl', lines(SECTIONS));
  scheduler.assignment.validationFile = scheduler.store('valid.jsonl', lines(SECTIONS));
  scheduler.assignment.spec.training.totalSteps = 80;
  expect(await train(scheduler.host())).toBe(EXIT_STATUS.success);
  const [succeeded] = scheduler.of('succeeded');
  expect(succeeded?.result.adapter?.tokenAccuracy).toBe(1);
  expect(succeeded?.result.samples.map(({ after }) => after)).toEqual(succeeded?.result.samples.map(({ reference }) => reference));
  const trained = succeeded?.model ?? [];
  if (method === 'full') {
    const own = new Set(trained.map(({ path }) => path));
    // As the API asks for it: the trained weights stand beside the base's shards.
    scheduler.assignment.baseModel = [...scheduler.assignment.baseModel.filter(({ path }) => !own.has(path)), ...trained];
  }
  const input = { prompt: 'games package number 3 for games' };
  expect(await ask(scheduler, { input, adapter: method === 'lora' ? trained : null })).toBe('games');
});

it.each([
  ['T5', null],
  ['Llama with a chat template', LLAMA],
])('a %s learns which of two answers is better', async (_name, config) => {
  const spec = { preference: { beta: 0.1 } };
  const scheduler = config
    ? await start(config, { 'tokenizer_config.json': bytes(CHAT) }, spec)
    : await startTestScheduler({ totalSteps: 8, maxTargetTokens: 16, learningRate: 2e-2 }, spec);
  if (!config) open.push(scheduler);
  const pairs = Array.from({ length: 12 }, (_, i) => ({
    input: { messages: [{ role: 'user', content: `What is package number ${i}?` }] },
    preferred_output: [{ role: 'assistant', content: 'a small library' }],
    non_preferred_output: [{ role: 'assistant', content: 'who knows' }],
  }));
  scheduler.assignment.trainingFile = scheduler.store('train.jsonl', lines(pairs));
  scheduler.assignment.validationFile = scheduler.store('valid.jsonl', lines(pairs.slice(0, 4)));
  scheduler.assignment.spec.training.totalSteps = 20;
  expect(await train(scheduler.host())).toBe(EXIT_STATUS.success);
  const [succeeded] = scheduler.of('succeeded');
  expect(succeeded?.result.base).toMatchObject({ loss: expect.closeTo(Math.log(2), 5), tokenAccuracy: 0 });
  expect(succeeded?.result.adapter?.loss).toBeLessThan(0.9 * Math.log(2));
  expect(succeeded?.result.adapter?.tokenAccuracy).toBe(1);
  expect(succeeded?.result.samples[0]?.reference).toBe('a small library');
});
