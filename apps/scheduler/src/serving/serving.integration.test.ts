import { type GenerateChunk, type GenerateRequest, isFinished, UnavailableError } from '@capstan/core';
import type { Launcher } from '@capstan/launcher';
import { createInferenceClient, type InferenceClient } from '@capstan/proto';
import { systemClock } from '@capstan/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import type { Scheduler } from '../scheduler.ts';
import type { ServingSettings } from '../scheduler-context.ts';
import { countOf } from '../testing/count-of.ts';
import { makeWorld, QUICK_SETTINGS, type World } from '../testing/make-world.ts';

const { signal: NEVER } = new AbortController();

describe('serving', () => {
  let world: World;
  let client: InferenceClient;
  afterEach(async () => {
    await client.close();
    await world.close();
  });

  async function start(serving: Partial<ServingSettings> = {}, stop?: Launcher['stop']): Promise<Scheduler> {
    world = await makeWorld();
    const settings = { serving: { ...QUICK_SETTINGS.serving, ...serving } };
    const scheduler = await world.startScheduler({ settings, launcher: { ...world.launcher, ...(stop && { stop }) } });
    client = createInferenceClient({ address: `127.0.0.1:${scheduler.port}`, token: QUICK_SETTINGS.internalToken });
    return scheduler;
  }

  const makeRequest = (prompt: string, base = 'a'): GenerateRequest => ({
    ...{ requestId: `${prompt.slice(0, 20)}-${Math.random()}`, modelId: base, adapter: null, input: { prompt } },
    baseModel: [{ path: 'model', sha256: base.repeat(64), bytes: 1 }],
    ...{ maxTokens: 8, temperature: 0, topP: 1, seed: null, stop: [] },
  });

  /** Words of the answer, and the process that gave it. */
  async function ask(prompt: string, base = 'a'): Promise<{ text: string; pid: number }> {
    const chunks: GenerateChunk[] = [];
    for await (const chunk of client.generate(makeRequest(prompt, base), { signal: NEVER })) chunks.push(chunk);
    const done = chunks.at(-1);
    const words = chunks.flatMap((chunk) => (chunk.type === 'token' ? [chunk.text] : []));
    return { text: words.join(' '), pid: done?.type === 'done' ? done.tokensPerSecond : 0 };
  }

  const livingServers = async () =>
    (await world.launcher.list({ signal: NEVER })).filter((rank) => rank.kind === 'serve' && !isFinished(rank)).length;

  it('starts one worker for a base when it is first asked for, and keeps it', async () => {
    const scheduler = await start();
    const [first, second] = await Promise.all([ask('one two'), ask('three')]);
    expect([first.text, second.text]).toEqual(['one two', 'three']);
    expect(first.pid).toBe(second.pid);
    expect((await ask('four')).pid).toBe(first.pid);
    expect(await countOf(scheduler.metrics.serving, { event: 'start' })).toBe(1);
  });

  it('turns callers away when too many wait, and says when to come back', async () => {
    await start({ maxWaiting: 1 });
    const answers = await Promise.allSettled([ask('slow a'), ask('slow b'), ask('slow c'), ask('slow d')]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(answers[2]).toMatchObject({ reason: { code: 'rate_limited', retryAfterMs: expect.any(Number) } });
  });

  it('answers the next caller when its answer is complete, though the caller before does not read on', async () => {
    await start();
    // More than what the connections between hold for a reader.
    const words = Array.from({ length: 100 }, () => 'x'.repeat(16_384));
    const answer = client.generate(makeRequest(words.join(' ')), { signal: NEVER })[Symbol.asyncIterator]();
    expect((await answer.next()).value).toEqual({ type: 'token', text: words[0] });
    expect((await ask('hello')).text).toBe('hello');
    let rest = 0;
    while (!(await answer.next()).done) rest += 1;
    expect(rest).toBe(words.length);
  });

  it('fails the requests of a worker that crashes, and starts another for the next', async () => {
    const scheduler = await start();
    const { pid } = await ask('hello');
    await expect(ask('crash')).rejects.toMatchObject({ code: 'unavailable' });
    const again = await ask('hello');
    expect(again.text).toBe('hello');
    expect(again.pid).not.toBe(pid);
    expect(await countOf(scheduler.metrics.serving, { event: 'start' })).toBe(2);
    expect(await countOf(scheduler.metrics.serving, { event: 'crash' })).toBe(1);
  });

  it('unloads a worker that nobody uses', async () => {
    await start({ idleMs: 500 });
    await ask('hello');
    expect(await livingServers()).toBe(1);
    await expect.poll(livingServers, { timeout: 10_000 }).toBe(0);
    expect((await ask('again')).text).toBe('again');
  });

  it('stops a worker in the end where the launcher was away at first', async () => {
    let refusals = 2;
    await start({ idleMs: 500 }, async (name, options) => {
      if (refusals-- > 0) throw new UnavailableError('The API server is away.');
      await world.launcher.stop(name, options);
    });
    await ask('hello');
    await expect.poll(livingServers, { timeout: 10_000 }).toBe(0);
    expect(refusals).toBeLessThan(0);
  });

  it('makes room for another base by ending an idle worker, and never runs more than it may', async () => {
    await start({ maxWorkers: 1 });
    await ask('hello', 'a');
    const busy = ask('slow and slower', 'a');
    await systemClock.sleep(100);
    await expect(ask('hello', 'b')).rejects.toMatchObject({ code: 'rate_limited' });
    await busy;
    expect((await ask('hello', 'b')).text).toBe('hello');
    await expect.poll(livingServers, { timeout: 10_000 }).toBe(1);
  });

  it('adopts the workers of the scheduler before it', async () => {
    const first = await start();
    const { pid } = await ask('hello');
    await first.close();
    const second = await world.startScheduler({ port: first.port });
    await expect.poll(() => ask('hello').then((answer) => answer.pid), { timeout: 15_000 }).toBe(pid);
    expect(await countOf(second.metrics.serving, { event: 'start' })).toBe(0);
  });

  it('is refused to those who do not hold the internal token', async () => {
    const scheduler = await start();
    const stranger = createInferenceClient({ address: `127.0.0.1:${scheduler.port}`, token: 'guessed' });
    const asking = async () => {
      for await (const _chunk of stranger.generate(makeRequest(''), { signal: NEVER }));
    };
    await expect(asking()).rejects.toMatchObject({ code: 'unauthenticated' });
    await stranger.close();
  });
});
