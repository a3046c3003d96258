import { getEventListeners } from 'node:events';
import { AppError, CancelledError, type GenerateChunk, type GenerateRequest, ModelError } from '@capstan/core';
import { afterEach, expect, it } from 'vitest';
import { connectServingWorker, createInferenceClient, type ServingConnection, type ServingSession } from './index.ts';
import { assignment, clock, closeAll, closers, startServer } from './test-fixtures.ts';

afterEach(closeAll);

const request: GenerateRequest = {
  requestId: 'r1',
  modelId: 'ft:t5-nano',
  baseModel: assignment.baseModel,
  adapter: [],
  input: { messages: [{ role: 'user', content: 'hello' }] },
  maxTokens: 10,
  temperature: 0.5,
  topP: 0.9,
  seed: 0,
  stop: ['\n'],
  decoding: { topK: 5, repetitionPenalty: 1.5, numBeams: 3, lengthPenalty: -1, earlyStopping: 'never' },
};
const done: GenerateChunk = { type: 'done', finishReason: 'stop', promptTokens: 3, completionTokens: 2, tokensPerSecond: 12.5 };
const signal = new AbortController().signal;

/** API client → server → serving worker, as the scheduler wires them. */
async function startStack() {
  const sessions: ServingSession[] = [];
  const { port } = await startServer(async () => {}, 0, {
    onServingSession(session) {
      session.sendAssignment({ serverId: session.serverId, maxAdapters: 4 });
      sessions.push(session);
    },
    onGenerate: (asked, options) => {
      const session = sessions.at(-1);
      if (!session) throw new AppError('rate_limited', 'Too many questions.', { retryAfterMs: 1500, param: 'model', reason: 'Füllstand' });
      return session.generate(asked, options);
    },
  });
  const client = createInferenceClient({ address: `127.0.0.1:${port}`, token: 'api' });
  closers.push(async () => client.close());
  const connectServer = async (): Promise<ServingConnection> => {
    const server = connectServingWorker({ address: `127.0.0.1:${port}`, token: 'server', signal, clock, random: () => 0 });
    closers.push(() => server.close());
    expect(await server.assignment()).toEqual({ serverId: 'serve-1', maxAdapters: 4 });
    return server;
  };
  return { client, connectServer, port };
}

async function collect(chunks: AsyncIterable<GenerateChunk>): Promise<GenerateChunk[]> {
  const all: GenerateChunk[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

it('a question travels to the serving worker unchanged and its chunks come back one by one', async () => {
  const { client, connectServer } = await startStack();
  const server = await connectServer();
  const seen: GenerateRequest[] = [];
  const serving = (async () => {
    for await (const { request: asked, send } of server.requests) {
      seen.push(asked);
      await send({ type: 'token', text: 'gr' });
      await send({ type: 'token', text: 'üezi' });
      await send(done);
    }
  })();
  const other: GenerateRequest = {
    ...request,
    requestId: 'r2',
    input: { prompt: 'p' },
    adapter: null,
    seed: null,
    stop: [],
    decoding: { earlyStopping: true },
  };
  const [first, second] = await Promise.all([collect(client.generate(request, { signal })), collect(client.generate(other, { signal }))]);
  expect(first).toEqual([{ type: 'token', text: 'gr' }, { type: 'token', text: 'üezi' }, done]);
  expect(second).toEqual(first);
  expect(seen).toEqual([request, other]);
  await server.close();
  await serving;
});

it('errors keep class, code and details over the wire; foreign ones are hidden', async () => {
  const { client, connectServer } = await startStack();
  await expect(collect(client.generate(request, { signal }))).rejects.toMatchObject({
    code: 'rate_limited',
    message: 'Too many questions.',
    retryAfterMs: 1500,
    param: 'model',
    reason: 'Füllstand',
  });
  const server = await connectServer();
  const failures: unknown[] = [new ModelError('Only T5 is known.'), new Error('secret path')];
  void (async () => {
    for await (const { fail } of server.requests) await fail(failures.shift());
  })();
  await expect(collect(client.generate(request, { signal }))).rejects.toBeInstanceOf(ModelError);
  await expect(collect(client.generate(request, { signal }))).rejects.toMatchObject({
    code: 'internal',
    message: 'The serving worker failed.',
  });
});

it('a caller that aborts, or just leaves, stops the worker and leaves no listener', async () => {
  const { client, connectServer } = await startStack();
  const server = await connectServer();
  const stopped: string[] = [];
  void (async () => {
    for await (const { request: asked, signal: cancelled, send } of server.requests) {
      try {
        for (;;) {
          await send({ type: 'token', text: 'x' });
          await clock.sleep(1, { signal: cancelled });
        }
      } catch {
        stopped.push(asked.requestId);
      }
    }
  })();
  const controller = new AbortController();
  await expect(async () => {
    for await (const _ of client.generate(request, { signal: controller.signal })) controller.abort(new CancelledError('enough'));
  }).rejects.toThrow('enough');
  await expect.poll(() => stopped).toEqual(['r1']);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  for await (const _ of client.generate({ ...request, requestId: 'r2' }, { signal })) break;
  await expect.poll(() => stopped).toEqual(['r1', 'r2']);
});

it('a serving worker that goes away ends its answers as unavailable', async () => {
  const { client, connectServer } = await startStack();
  const server = await connectServer();
  const answer = collect(client.generate(request, { signal }));
  answer.catch(() => {});
  for await (const { send } of server.requests) {
    await send({ type: 'token', text: 'x' });
    break;
  }
  await server.close();
  await expect(answer).rejects.toMatchObject({ code: 'unavailable' });
});

it('a token of another kind may not generate', async () => {
  const { port } = await startStack();
  const client = createInferenceClient({ address: `127.0.0.1:${port}`, token: 'right' });
  closers.push(async () => client.close());
  await expect(collect(client.generate(request, { signal }))).rejects.toMatchObject({ code: 'permission_denied' });
});
