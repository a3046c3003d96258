import type { CreateJobRequest } from '@capstan/core';
import { Option } from 'commander';
import { decimalNumber, keyValue, moduleNames, oneOf, wholeNumber } from '../arguments.ts';

/** What commander makes of the options below. */
export interface JobOptions {
  model: string;
  train: string;
  validate?: string;
  [option: string]: unknown;
}

interface JobOption {
  flags: string;
  /** Where the value goes in the request, e.g. `capstan.training.max_steps`. */
  path: string;
  description: string;
  parse?: (text: string, before?: never) => unknown;
}

/** Every knob of a job, once: the flag and the member of the request that it sets. */
const JOB_OPTIONS: JobOption[] = [
  { flags: '--suffix <text>', path: 'suffix', description: 'part of the name of the result' },
  { flags: '--seed <n>', path: 'seed', description: 'makes the run repeatable', parse: wholeNumber },
  { flags: '--metadata <key=value>', path: 'metadata', description: 'kept with the job; may be given again', parse: keyValue },
  { flags: '--epochs <n>', path: 'hyperparameters.n_epochs', description: 'passes over the training file', parse: wholeNumber },
  { flags: '--batch-size <n>', path: 'hyperparameters.batch_size', description: 'rows per step', parse: wholeNumber },
  { flags: '--pool <id>', path: 'capstan.pool', description: 'where to run' },
  { flags: '--priority <n>', path: 'capstan.priority', description: '0 to 100; smaller runs first', parse: wholeNumber },
  { flags: '--max-attempts <n>', path: 'capstan.max_attempts', description: 'launches before giving up', parse: wholeNumber },
  { flags: '--method <name>', path: 'capstan.method', description: 'lora or full', parse: oneOf(['lora', 'full']) },
  { flags: '--init <name>', path: 'capstan.init', description: 'pretrained, or random with full', parse: oneOf(['pretrained', 'random']) },
  { flags: '--lora-r <n>', path: 'capstan.lora.r', description: 'rank of the adapter', parse: wholeNumber },
  { flags: '--lora-alpha <x>', path: 'capstan.lora.alpha', description: 'scale of the adapter times r', parse: decimalNumber },
  { flags: '--lora-dropout <p>', path: 'capstan.lora.dropout', description: 'dropout before A', parse: decimalNumber },
  { flags: '--target-modules <names>', path: 'capstan.lora.target_modules', description: 'e.g. q,v or all-linear', parse: moduleNames },
  { flags: '--steps <n>', path: 'capstan.training.max_steps', description: 'optimizer steps at most', parse: wholeNumber },
  { flags: '--micro-batch-size <n>', path: 'capstan.training.micro_batch_size', description: 'rows per forward pass', parse: wholeNumber },
  { flags: '--learning-rate <x>', path: 'capstan.training.learning_rate', description: 'peak rate, e.g. 2e-3', parse: decimalNumber },
  { flags: '--warmup-steps <n>', path: 'capstan.training.warmup_steps', description: 'steps up to the peak rate', parse: wholeNumber },
  {
    flags: '--decay <name>',
    path: 'capstan.training.decay',
    description: 'linear, cosine or constant',
    parse: oneOf(['linear', 'cosine', 'constant']),
  },
  { flags: '--weight-decay <x>', path: 'capstan.training.weight_decay', description: 'as in AdamW', parse: decimalNumber },
  {
    flags: '--max-grad-norm <x>',
    path: 'capstan.training.max_grad_norm',
    description: 'gradients are clipped to it',
    parse: decimalNumber,
  },
  { flags: '--dropout <p>', path: 'capstan.training.dropout', description: "overrides the base's", parse: decimalNumber },
  {
    flags: '--max-source-tokens <n>',
    path: 'capstan.training.max_source_tokens',
    description: 'longer prompts are cut',
    parse: wholeNumber,
  },
  {
    flags: '--max-target-tokens <n>',
    path: 'capstan.training.max_target_tokens',
    description: 'longer answers are cut',
    parse: wholeNumber,
  },
  { flags: '--eval-every <n>', path: 'capstan.training.eval_every_steps', description: 'steps between evaluations', parse: wholeNumber },
  { flags: '--eval-rows <n>', path: 'capstan.training.eval_rows', description: 'validation rows for the loss', parse: wholeNumber },
  { flags: '--rouge-rows <n>', path: 'capstan.training.rouge_rows', description: 'validation rows for ROUGE', parse: wholeNumber },
  {
    flags: '--checkpoint-every <n>',
    path: 'capstan.training.checkpoint_every_steps',
    description: 'steps between checkpoints',
    parse: wholeNumber,
  },
  {
    flags: '--checkpoint-seconds <n>',
    path: 'capstan.training.checkpoint_every_seconds',
    description: 'seconds between checkpoints',
    parse: wholeNumber,
  },
  { flags: '--dpo-beta <x>', path: 'beta', description: 'learns from pairs of answers, held to the base so much', parse: decimalNumber },
  { flags: '--num-beams <n>', path: 'capstan.generation.num_beams', description: 'beams of evaluations', parse: wholeNumber },
  { flags: '--workers <n>', path: 'capstan.resources.workers', description: 'ranks that train together', parse: wholeNumber },
  { flags: '--gpus-per-worker <n>', path: 'capstan.resources.gpus_per_worker', description: 'GPUs of each rank', parse: wholeNumber },
  { flags: '--memory-mib <n>', path: 'capstan.resources.memory_mib', description: 'memory limit of each rank', parse: wholeNumber },
];

export function jobOptions(): Option[] {
  return JOB_OPTIONS.map(({ flags, description, parse }) => {
    const option = new Option(flags, description);
    return parse === undefined ? option : option.argParser(parse as (text: string) => unknown);
  });
}

/** The request that the options describe; what was not given is left to the server. */
export function buildJobRequest(options: JobOptions, files: { training: string; validation: string | null }): CreateJobRequest {
  const request: Record<string, unknown> = { model: options.model, training_file: files.training };
  if (files.validation !== null) request.validation_file = files.validation;
  for (const { flags, path } of JOB_OPTIONS) {
    const value = options[new Option(flags).attributeName()];
    if (value !== undefined) setMember(request, path.split('.'), value);
  }
  const { hyperparameters, beta, ...rest } = request;
  const method = methodOf(hyperparameters as object | undefined, beta);
  // Every member above is one of CreateJobRequest; the server checks the values.
  return { ...rest, ...method } as CreateJobRequest;
}

function methodOf(hyperparameters: object | undefined, beta: unknown): Record<string, unknown> {
  if (beta !== undefined) return { method: { type: 'dpo', dpo: { hyperparameters: { ...hyperparameters, beta } } } };
  return hyperparameters === undefined ? {} : { method: { type: 'supervised', supervised: { hyperparameters } } };
}

function setMember(target: Record<string, unknown>, [name = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    target[name] = value;
    return;
  }
  target[name] ??= {};
  setMember(target[name] as Record<string, unknown>, rest, value);
}
