import type { CreateJobRequest, JobObject } from '@capstan/core';

/** The form as people fill it in; an empty text leaves the choice to Capstan. */
export interface JobDraft {
  model: string;
  trainingFile: string | null;
  validationFile: string | null;
  suffix: string;
  pool: string;
  epochs: number | '';
  maxSteps: number | '';
  batchSize: number | '';
  learningRate: number | '';
  rank: number;
  alpha: number;
  dropout: number;
  priority: number;
}

export const FRESH_DRAFT: JobDraft = {
  model: '',
  trainingFile: null,
  validationFile: null,
  suffix: '',
  pool: '',
  epochs: '',
  maxSteps: '',
  batchSize: '',
  learningRate: '',
  rank: 8,
  alpha: 16,
  dropout: 0,
  priority: 50,
};

/** The request that the form stands for; null while something that it needs is missing. */
export function toRequest(draft: JobDraft): CreateJobRequest | null {
  if (draft.model === '' || draft.trainingFile === null) return null;
  const training = { ...given('max_steps', draft.maxSteps), ...given('learning_rate', draft.learningRate) };
  const hyperparameters = { ...given('n_epochs', draft.epochs), ...given('batch_size', draft.batchSize) };
  return {
    model: draft.model,
    training_file: draft.trainingFile,
    ...(draft.validationFile === null ? {} : { validation_file: draft.validationFile }),
    ...given('suffix', draft.suffix),
    ...(Object.keys(hyperparameters).length === 0 ? {} : { method: { type: 'supervised' as const, supervised: { hyperparameters } } }),
    capstan: {
      ...given('pool', draft.pool),
      priority: draft.priority,
      lora: { r: draft.rank, alpha: draft.alpha, dropout: draft.dropout },
      ...(Object.keys(training).length === 0 ? {} : { training }),
    },
  };
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
    pool,
    priority,
    maxSteps: training.total_steps,
    batchSize: training.batch_size,
    learningRate: training.learning_rate,
    rank: lora?.r ?? FRESH_DRAFT.rank,
    alpha: lora?.alpha ?? FRESH_DRAFT.alpha,
    dropout: lora?.dropout ?? FRESH_DRAFT.dropout,
  };
}
