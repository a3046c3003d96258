import type { CreateJobRequest } from '@capstan/core';
import { BASE_MODEL } from './demo-context.ts';

export const DEMO_STEPS = 200;

/** The settings that a reference run in Python was measured with, so that its figures can be compared. */
export function demoJobRequest(files: { training: string; validation: string }): CreateJobRequest {
  return {
    model: BASE_MODEL,
    training_file: files.training,
    validation_file: files.validation,
    suffix: 'synopsis',
    seed: 0,
    method: { type: 'supervised', supervised: { hyperparameters: { batch_size: 8 } } },
    capstan: {
      method: 'lora',
      lora: { r: 16, alpha: 32, target_modules: 'all-linear' },
      training: {
        max_steps: DEMO_STEPS,
        learning_rate: 2e-3,
        max_source_tokens: 192,
        max_target_tokens: 48,
        eval_every_steps: 50,
        eval_rows: 200,
        rouge_rows: 200,
      },
    },
  };
}
