import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CapstanClient } from '@capstan/client';
import { type CreateJobRequest, isTerminal, type JobObject } from '@capstan/core';

export interface Submitter {
  client: CapstanClient;
  trainingFile: string;
}

const ROWS = 40;
const POLL_MS = 250;
/** A job that shows no change for this long is stuck: longer than every timeout and backoff on its way. */
const STUCK_AFTER_MS = 300_000;
const examples = new URL('../../examples/', import.meta.url);

export async function uploadRows(client: CapstanClient): Promise<string> {
  const rows = (await readFile(new URL('debian-synopsis/valid.jsonl', examples), 'utf8')).split('\n').slice(0, ROWS);
  const file = new File([`${rows.join('\n')}\n`], 'rows.jsonl');
  return (await client.files.create({ file, filename: 'rows.jsonl', purpose: 'fine-tune' })).id;
}

/** A real job on the real base: dropout, accumulation and a checkpoint every few steps. */
export function jobRequest({ trainingFile }: Submitter, steps: number): CreateJobRequest {
  return {
    model: 't5-nano',
    training_file: trainingFile,
    seed: 1,
    hyperparameters: { batch_size: 4 },
    capstan: {
      lora: { r: 4, alpha: 8, dropout: 0.1 },
      training: { max_steps: steps, micro_batch_size: 2, checkpoint_every_steps: 8, dropout: 0.1, max_source_tokens: 48 },
    },
  };
}

/** Resolves with the job once it is as wished; throws where it never will be. */
export async function untilJob({ client }: Submitter, id: string, isReached: (job: JobObject) => boolean): Promise<JobObject> {
  let seen = '';
  let changedAt = performance.now();
  for (;;) {
    const job = await client.jobs.retrieve(id);
    if (isReached(job)) return job;
    const { state, attempt, progress, message } = job.capstan;
    const now = `${state}: attempt ${attempt}, step ${progress?.step ?? 0}, ${progress?.phase ?? 'no phase'}: ${message}`;
    if (now !== seen) changedAt = performance.now();
    seen = now;
    if (isTerminal(state) || performance.now() - changedAt > STUCK_AFTER_MS) throw new Error(`${id} is ${now}`);
    await sleep(POLL_MS);
  }
}

/** What is wrong with a job that must have succeeded in one attempt with every step once; in words. */
export async function judgeJob(submitter: Submitter, id: string, steps: number): Promise<string[]> {
  const { capstan } = await untilJob(submitter, id, (job) => isTerminal(job.capstan.state));
  const problems = capstan.state === 'succeeded' ? [] : [`${id} is ${capstan.state}: ${capstan.message}`];
  if (capstan.attempt !== 1) problems.push(`${id} took ${capstan.attempt} attempts.`);
  const trained = await trainedSteps(submitter, id);
  const isWhole = trained.length === steps && trained.every(({ step }, index) => step === index + 1);
  if (!isWhole) problems.push(`${id} has ${trained.length} rows for ${steps} steps: ${trained.map(({ step }) => step).join(' ')}`);
  return problems;
}

/** Every step that was trained, in order, with its instant in milliseconds. */
export async function trainedSteps({ client }: Submitter, id: string): Promise<{ step: number; atMs: number }[]> {
  const { data } = await client.jobs.listMetrics(id, { limit: 1_000 });
  return data
    .filter(({ train_loss: loss }) => loss !== null)
    .map(({ step, created_at: at }) => ({ step, atMs: at * 1_000 }))
    .sort((left, right) => left.step - right.step);
}
