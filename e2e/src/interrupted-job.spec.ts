import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobObject } from '@capstan/core';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Stack, startStack } from './start-stack.ts';

/** The whole stack as `npm start` brings it up, real training on the real base, and OpenAI's own client. */
const STEPS = 40;
const ROWS = 64;
const SLOW = { timeout: 240_000, interval: 250 };
const examples = new URL('../../examples/', import.meta.url);

let platform: Stack;
let client: OpenAI;
let job: JobObject;

const retrieve = async () => (await client.fineTuning.jobs.retrieve(job.id)) as unknown as JobObject;
const stepsSoFar = async () => (await retrieve()).capstan.progress?.step ?? 0;

beforeAll(async () => {
  platform = await startStack();
  client = new OpenAI({ baseURL: platform.baseUrl, apiKey: platform.apiKey });
}, 120_000);
afterAll(async () => {
  await platform.end();
}, 120_000);

describe('a real job that is interrupted again and again', { timeout: 300_000 }, () => {
  it('is accepted', async () => {
    const rows = readFileSync(new URL('debian-synopsis/valid.jsonl', examples), 'utf8').split('\n').slice(0, ROWS).join('\n');
    const file = await client.files.create({ file: await toFile(Buffer.from(rows), 'rows.jsonl'), purpose: 'fine-tune' });
    const capstan = {
      training: { max_steps: STEPS, micro_batch_size: 4, checkpoint_every_steps: 5, eval_rows: 8, rouge_rows: 4, max_source_tokens: 64 },
    };
    const request = { model: 't5-nano', training_file: file.id, validation_file: file.id, seed: 1, suffix: 'e2e', capstan };
    const created = await client.fineTuning.jobs.create({ ...request, hyperparameters: { batch_size: 4 } } as never);
    job = created as unknown as JobObject;
    expect(job.capstan.estimate).toMatchObject({ steps: STEPS });
  });

  it('goes on while the API and the scheduler are started again', async () => {
    await vi.waitFor(async () => expect(await stepsSoFar()).toBeGreaterThan(2), SLOW);
    await Promise.all([platform.restartApi(), platform.restartScheduler()]);
    const before = await vi.waitFor(stepsSoFar, SLOW);
    await vi.waitFor(async () => expect(await stepsSoFar()).toBeGreaterThan(before), SLOW);
    expect((await retrieve()).capstan.attempt).toBe(1);
  });

  it('is tried again from its checkpoint after kill -9 of its worker, and succeeds', async () => {
    await vi.waitFor(async () => expect(await stepsSoFar()).toBeGreaterThan(10), SLOW);
    process.kill(pidOfWorker(`${job.id}-a1`), 'SIGKILL');
    await vi.waitFor(async () => expect((await retrieve()).status).toMatch(/succeeded|failed/), SLOW);
    job = await retrieve();
    expect(job).toMatchObject({ status: 'succeeded', error: null, capstan: { state: 'succeeded', attempt: 2 } });
  });

  it('has every step once', async () => {
    const path = `/fine_tuning/jobs/${job.id}/metrics?limit=1000`;
    const { data } = (await client.get(path)) as { data: { step: number; train_loss: number | null }[] };
    const trained = data.filter(({ train_loss }) => train_loss !== null).map(({ step }) => step);
    expect(trained.sort((a, b) => a - b)).toEqual(Array.from({ length: STEPS }, (_, index) => index + 1));
  });

  it('left a file with the metrics of every step, once', async () => {
    const [id = '', ...others] = job.result_files;
    expect(others).toEqual([]);
    expect(await client.files.retrieve(id)).toMatchObject({ filename: 'step_metrics.csv', purpose: 'fine-tune-results' });
    const [head, ...lines] = (await (await client.files.content(id)).text()).trimEnd().split('\n');
    expect(head).toMatch(/^step,train_loss,/);
    const steps = lines.filter((line) => !line.startsWith('0,')).map((line) => Number(line.split(',')[0]));
    expect(steps).toEqual(Array.from({ length: STEPS }, (_, index) => index + 1));
  });

  it('told what happened, and kept its checkpoints', async () => {
    const events = (await client.fineTuning.jobs.listEvents(job.id, { limit: 100 })).data.map(({ message }) => message).join('\n');
    expect(events).toMatch(/killed/i);
    const checkpoints = (await client.fineTuning.jobs.checkpoints.list(job.id, { limit: 100 })).data;
    expect(checkpoints.map(({ step_number }) => step_number).sort((a, b) => a - b)).toContain(STEPS);
    const model = checkpoints.at(-1)?.fine_tuned_model_checkpoint ?? '';
    const prompt = 'A library to read and write JPEG images.';
    expect((await client.completions.create({ model, prompt, max_tokens: 4 })).choices[0]?.text).toMatch(/\S/);
  });

  it('left a model that answers, whole and streamed, with the same words', async () => {
    const model = job.fine_tuned_model ?? expect.fail('the job has no model');
    const request = { model, messages: [{ role: 'user' as const, content: 'A library to read and write JPEG images.' }], max_tokens: 12 };
    const whole = (await client.chat.completions.create(request)).choices[0]?.message.content;
    let streamed = '';
    for await (const chunk of await client.chat.completions.create({ ...request, stream: true }))
      streamed += chunk.choices[0]?.delta.content ?? '';
    expect(whole).toMatch(/\S/);
    expect(streamed).toBe(whole);
    expect((await client.models.list()).data.map(({ id }) => id)).toContain(model);
  });
});

/** The process that trains, found through the kernel: the child of the rank's supervisor. */
function pidOfWorker(launchName: string): number {
  const claim = JSON.parse(readFileSync(join(platform.dataDir.runs, launchName, 'rank-0', 'rank.json'), 'utf8')) as { pid: number };
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === claim.pid);
  return Number(children[0] ?? expect.fail('the supervisor has no child'));
}

function parentOf(pid: string): number | null {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return null;
  }
}
