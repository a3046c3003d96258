import { describe, expect, it } from 'vitest';
import { type CreateJobRequest, createJobRequestSchema } from '../api/create-job.ts';
import type { DatasetReport, LengthSummary } from '../datasets/dataset-report.ts';
import { resolveJobSpec } from './resolve-job-spec.ts';

const lengths = (max: number): LengthSummary => ({
  rows: 100,
  min: 1,
  mean: max / 2,
  p50: max,
  p95: max,
  p99: max,
  max,
  buckets: [{ upTo: max, rows: 100 }],
});

function report({ rows = 100, source = 400, target = 100 } = {}): DatasetReport {
  return {
    format: 'chat',
    bytes: 1,
    rows,
    badRows: 0,
    blankLines: 0,
    problems: [],
    problemsOmitted: 0,
    notes: [],
    characters: { source: lengths(source * 4), target: lengths(target * 4) },
    tokens: {
      model: 't5-nano',
      sampledRows: 100,
      source: lengths(source),
      target: lengths(target),
      maxSourceTokens: null,
      maxTargetTokens: null,
      truncatedShare: 0,
    },
    duplicates: { rows: 0, share: 0, examples: [] },
  };
}

function resolve(change: Partial<CreateJobRequest> = {}, training = report(), validation: DatasetReport | null = null) {
  const request = createJobRequestSchema.parse({ model: 't5', training_file: 'file-1', ...change });
  return resolveJobSpec(request, { training, validation, drawnSeed: 42, gpusPerWorker: 0 });
}

it('evaluations are decoded as the request says, and greedily where it says nothing', () => {
  expect(resolve().generation).toBeUndefined();
  const generation = { num_beams: 4, length_penalty: 0.5, early_stopping: true, repetition_penalty: 1.1 };
  expect(resolve({ capstan: { generation } }).generation).toEqual({
    numBeams: 4,
    lengthPenalty: 0.5,
    earlyStopping: true,
    repetitionPenalty: 1.1,
  });
});

describe('what a request leaves open', () => {
  it('becomes a LoRA of three epochs in batches of eight', () => {
    const spec = resolve();
    expect(spec).toMatchObject({
      method: 'lora',
      init: 'pretrained',
      seed: 42,
      lora: { r: 8, alpha: 16, dropout: 0, targetModules: 'all-linear' },
    });
    expect(spec.training).toMatchObject({
      totalSteps: 38,
      epochs: 3,
      batchSize: 8,
      microBatchSize: 8,
      learningRate: 1e-3,
      warmupSteps: 2,
      decay: 'linear',
      maxSourceTokens: 192,
      maxTargetTokens: 48,
      evalRows: 0,
      rougeRows: 0,
    });
    expect(spec.resources).toEqual({ workers: 1, gpusPerWorker: 0, memoryMiB: null });
  });

  it('`auto` is the same as nothing', () => {
    const auto = { batch_size: 'auto', n_epochs: 'auto', learning_rate_multiplier: 'auto' } as const;
    expect(resolve({ method: { type: 'supervised', supervised: { hyperparameters: auto } } })).toEqual(resolve());
  });

  it('limits of length follow the longest row, in multiples of eight', () => {
    expect(resolve({}, report({ source: 61, target: 7 })).training).toMatchObject({ maxSourceTokens: 64, maxTargetTokens: 8 });
  });

  it('a validation set is used up to two hundred rows, and fifty for ROUGE', () => {
    expect(resolve({}, report(), report({ rows: 30 })).training).toMatchObject({ evalRows: 30, rougeRows: 30 });
    expect(resolve({}, report(), report({ rows: 900 })).training).toMatchObject({ evalRows: 200, rougeRows: 50 });
  });
});

describe('method dpo', () => {
  const pairs = { ...report(), format: 'preference' as const };
  const dpo = { type: 'dpo' as const };

  it('learns from pairs at a rate of its own, held to the base by beta', () => {
    expect(resolve({ method: dpo }, pairs)).toMatchObject({ preference: { beta: 0.1 }, method: 'lora', training: { learningRate: 1e-4 } });
    const hyperparameters = { beta: 0.5, n_epochs: 1, batch_size: 4, learning_rate_multiplier: 2 };
    const spec = resolve({ method: { ...dpo, dpo: { hyperparameters } } }, pairs);
    expect(spec).toMatchObject({ preference: { beta: 0.5 }, training: { batchSize: 4, epochs: 1, learningRate: 2e-4 } });
    expect(resolve({ method: { ...dpo, dpo: { hyperparameters: { beta: 'auto' } } } }, pairs).preference).toEqual({ beta: 0.1 });
  });

  it('and its files belong together', () => {
    expect(() => resolve({ method: dpo })).toThrow(expect.objectContaining({ param: 'training_file' }));
    expect(() => resolve({}, pairs)).toThrow(expect.objectContaining({ param: 'training_file' }));
    expect(() => resolve({ method: dpo }, pairs, report())).toThrow(expect.objectContaining({ param: 'validation_file' }));
    const smoothing = { training: { label_smoothing: 0.1 } };
    expect(() => resolve({ method: dpo, capstan: smoothing }, pairs)).toThrow(/no labels to smooth/);
    expect(() => resolve({ method: dpo, capstan: { method: 'full' } }, pairs)).toThrow(expect.objectContaining({ param: 'method.type' }));
  });
});

describe('how long it trains', () => {
  it('max_steps alone fixes the length', () => {
    const { totalSteps, epochs } = resolve({ capstan: { training: { max_steps: 200 } } }).training;
    expect([totalSteps, epochs]).toEqual([200, 16]);
  });

  it('beside n_epochs it is a bound', () => {
    const change = (max_steps: number) => ({ hyperparameters: { n_epochs: 2 }, capstan: { training: { max_steps } } });
    expect(resolve(change(10)).training.totalSteps).toBe(10);
    expect(resolve(change(1_000)).training.totalSteps).toBe(25);
  });
});

describe('batches', () => {
  it("the micro batch is the largest divisor of a rank's share, up to eight", () => {
    const micro = (batch_size: number, workers = 1) =>
      resolve({ hyperparameters: { batch_size }, capstan: { resources: { workers } } }).training.microBatchSize;
    expect([micro(4), micro(12), micro(7), micro(16), micro(16, 4)]).toEqual([4, 6, 7, 8, 4]);
  });

  it.each([
    ['capstan.training.micro_batch_size', { capstan: { training: { micro_batch_size: 3 } } }],
    ['capstan.resources.workers', { capstan: { resources: { workers: 3 } } }],
    ['capstan.training.warmup_steps', { capstan: { training: { max_steps: 5, warmup_steps: 6 } } }],
    ['capstan.init', { capstan: { method: 'lora', init: 'random' } }],
    ['capstan.lora', { capstan: { method: 'full', lora: {} } }],
    ['capstan.training.learning_rate', { hyperparameters: { learning_rate_multiplier: 2 }, capstan: { training: { learning_rate: 1 } } }],
  ] as const)('a contradiction names %s', (param, change) => {
    expect(() => resolve(change)).toThrow(expect.objectContaining({ code: 'invalid_request', param }));
  });
});

describe('the rate', () => {
  it('is a multiple of what suits the method', () => {
    const rate = (capstan: CreateJobRequest['capstan'], learning_rate_multiplier?: number) =>
      resolve({ capstan, hyperparameters: { learning_rate_multiplier } }).training.learningRate;
    expect(rate({}, 2)).toBe(2e-3);
    expect(rate({ method: 'full' })).toBe(1e-4);
    expect(rate({ init: 'random' })).toBe(1e-3);
    expect(rate({ training: { learning_rate: 0.5 } })).toBe(0.5);
  });
});
