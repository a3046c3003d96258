import { readFile } from 'node:fs/promises';
import type { CapstanClient } from '@capstan/client';
import type { CreateJobRequest } from '@capstan/core';

/** What a job trains. Jobs of one recipe must end in the same adapter, bit for bit, whatever happened to them. */
export interface Recipe {
  name: string;
  request: CreateJobRequest;
}

const ROWS = 40;
const examples = new URL('../../examples/', import.meta.url);

/** More than any job of a run can use up, so that no kill is ever the last straw. */
const MAX_ATTEMPTS = 20;

/**
 * Three small jobs on the real base and real rows that differ in length, seed, schedule and accumulation. All drop out, in the model and in
 * the adapter, and all save often.
 */
export async function makeRecipes(client: CapstanClient): Promise<Recipe[]> {
  const rows = (await readFile(new URL('debian-synopsis/valid.jsonl', examples), 'utf8')).split('\n');
  const upload = async (filename: string, from: number, count: number) => {
    const file = new File([`${rows.slice(from, from + count).join('\n')}\n`], filename);
    return (await client.files.create({ file, filename, purpose: 'fine-tune' })).id;
  };
  const [training, validation] = [await upload('training.jsonl', 0, ROWS), await upload('validation.jsonl', ROWS, ROWS / 4)];
  const recipe = (name: string, seed: number, request: Partial<CreateJobRequest>, options: TrainingOptions): Recipe => ({
    name,
    request: {
      model: 't5-nano',
      training_file: training,
      seed,
      suffix: name,
      hyperparameters: { batch_size: 4 },
      ...request,
      capstan: { max_attempts: MAX_ATTEMPTS, lora: ADAPTER, training: { ...SHORT_ROWS, ...options } },
    },
  });
  return [
    recipe('halves', 11, {}, { max_steps: 16, micro_batch_size: 2, checkpoint_every_steps: 1 }),
    recipe('quarters', 12, {}, { max_steps: 10, micro_batch_size: 1, checkpoint_every_steps: 3, decay: 'cosine' }),
    recipe('measured', 13, { validation_file: validation }, { max_steps: 14, micro_batch_size: 2, checkpoint_every_steps: 2, ...FEW_ROWS }),
  ];
}

type TrainingOptions = NonNullable<NonNullable<CreateJobRequest['capstan']>['training']>;

const ADAPTER = { r: 4, alpha: 8, dropout: 0.1, target_modules: ['q', 'v'] };
const SHORT_ROWS: TrainingOptions = { dropout: 0.1, warmup_steps: 2, max_source_tokens: 32, max_target_tokens: 8 };
const FEW_ROWS: TrainingOptions = { eval_rows: 6, rouge_rows: 1, eval_every_steps: 6 };
