import type { CreateJobRequest, JobObject } from '@capstan/core';

/** The form as people fill it in; an empty text leaves the choice to Capstan. */
export interface JobDraft {
  model: string;
  trainingFile: string | null;
  validationFile: string | null;
  suffix: string;
  /** `dpo` learns from pairs of answers which is better. */
  method: 'supervised' | 'dpo';
  beta: number | '';
  /** Preferences train an adapter, whatever stands here. */
  trains: 'adapter' | 'weights' | 'fresh weights';
  pool: string;
  epochs: number | '';
  maxSteps: number | '';
  batchSize: number | '';
  learningRate: number | '';
  rank: number;
  alpha: number;
  dropout: number;
  isDora: boolean;
  savesMemory: boolean;
  priority: number;
}

export const FRESH_DRAFT: JobDraft = {
  model: '',
  trainingFile: null,
  validationFile: null,
  suffix: '',
  method: 'supervised',
  beta: '',
  trains: 'adapter',
  pool: '',
  epochs: '',
  maxSteps: '',
  batchSize: '',
  learningRate: '',
  rank: 8,
  alpha: 16,
  dropout: 0,
  isDora: false,
  savesMemory: false,
  priority: 50,
};

/** The request that the form stands for; null while something that it needs is missing. */
export function toRequest(draft: JobDraft): CreateJobRequest | null {
  if (draft.model === '' || draft.trainingFile === null) return null;
  const training = {
    ...given('max_steps', draft.maxSteps),
    ...given('learning_rate', draft.learningRate),
    ...(draft.savesMemory ? { gradient_checkpointing: true } : {}),
  };
  const method = toMethod(draft);
  return {
    model: draft.model,
    training_file: draft.trainingFile,
    ...(draft.validationFile === null ? {} : { validation_file: draft.validationFile }),
    ...given('suffix', draft.suffix),
    ...(method === null ? {} : { method }),
    capstan: {
      ...given('pool', draft.pool),
      priority: draft.priority,
      ...toTrained(draft),
      ...(Object.keys(training).length === 0 ? {} : { training }),
    },
  };
}

/** Null where the usual method with the usual hyperparameters is meant. */
function toMethod({ method, epochs, batchSize, beta }: JobDraft): CreateJobRequest['method'] | null {
  const hyperparameters = { ...given('n_epochs', epochs), ...given('batch_size', batchSize) };
  if (method === 'dpo') return { type: 'dpo', dpo: { hyperparameters: { ...hyperparameters, ...given('beta', beta) } } };
  return Object.keys(hyperparameters).length === 0 ? null : { type: 'supervised', supervised: { hyperparameters } };
}

function toTrained(draft: JobDraft): CreateJobRequest['capstan'] {
  if (!trainsAdapter(draft)) return { method: 'full', ...(draft.trains === 'fresh weights' ? { init: 'random' } : {}) };
  return { lora: { r: draft.rank, alpha: draft.alpha, dropout: draft.dropout, ...(draft.isDora ? { use_dora: true } : {}) } };
}

export function trainsAdapter({ method, trains }: JobDraft): boolean {
  return method === 'dpo' || trains === 'adapter';
}

function given<Name extends string, Value>(name: Name, value: Value | ''): Partial<Record<Name, Value>> {
  return value === '' ? {} : ({ [name]: value } as Record<Name, Value>);
}

/** A form filled in as `job` was. */
export function draftOf(job: JobObject): JobDraft {
  const { lora, training, priority, pool } = job.capstan;
  return {
    ...FRESH_DRAFT,
    model: job.model,
    trainingFile: job.training_file,
    validationFile: job.validation_file,
    ...methodOf(job),
    trains: trainsOf(job),
    pool,
    priority,
    maxSteps: training.total_steps,
    batchSize: training.batch_size,
    learningRate: training.learning_rate,
    rank: lora?.r ?? FRESH_DRAFT.rank,
    alpha: lora?.alpha ?? FRESH_DRAFT.alpha,
    dropout: lora?.dropout ?? FRESH_DRAFT.dropout,
    isDora: lora?.use_dora ?? FRESH_DRAFT.isDora,
    savesMemory: training.gradient_checkpointing,
  };
}

function methodOf({ method }: JobObject): Pick<JobDraft, 'method' | 'beta'> {
  if (method?.type !== 'dpo') return { method: 'supervised', beta: '' };
  const beta = method.dpo?.hyperparameters?.beta;
  return { method: 'dpo', beta: typeof beta === 'number' ? beta : '' };
}

function trainsOf({ capstan: { method, init } }: JobObject): JobDraft['trains'] {
  if (method === 'lora') return 'adapter';
  return init === 'random' ? 'fresh weights' : 'weights';
}
