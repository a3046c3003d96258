import { describe, expect, it } from 'vitest';
import type { DatasetReport, LengthSummary } from '../datasets/dataset-report.ts';
import type { JobSpec } from '../job.ts';
import { type EstimateFacts, estimateJob } from './estimate-job.ts';
import { parseModelShape } from './parse-model-shape.ts';

/** Flan-T5-base. */
const FLAN_BASE = parseModelShape({
  model_type: 't5',
  d_model: 768,
  d_kv: 64,
  d_ff: 2048,
  num_layers: 12,
  num_decoder_layers: 12,
  num_heads: 12,
  vocab_size: 32128,
  feed_forward_proj: 'gated-gelu',
});
const lengths = (mean: number): LengthSummary => ({
  rows: 100,
  min: 1,
  mean,
  p50: mean,
  p95: mean,
  p99: mean,
  max: 2 * mean,
  buckets: [
    { upTo: mean, rows: 50 },
    { upTo: 2 * mean, rows: 50 },
  ],
});

function report(change: Partial<DatasetReport> = {}): DatasetReport {
  return {
    format: 'chat',
    bytes: 1,
    rows: 100,
    badRows: 0,
    blankLines: 0,
    problems: [],
    problemsOmitted: 0,
    notes: [],
    characters: { source: lengths(400), target: lengths(80) },
    tokens: {
      model: 't5-nano',
      sampledRows: 100,
      source: lengths(100),
      target: lengths(20),
      maxSourceTokens: null,
      maxTargetTokens: null,
      truncatedShare: 0,
    },
    duplicates: { rows: 0, share: 0, examples: [] },
    ...change,
  };
}

const SPEC: JobSpec = {
  model: 'flan',
  trainingFile: 'file-1',
  validationFile: 'file-2',
  suffix: null,
  seed: 1,
  method: 'lora',
  init: 'pretrained',
  lora: { r: 8, alpha: 16, dropout: 0, targetModules: ['q', 'v'] },
  training: {
    totalSteps: 100,
    epochs: 1,
    batchSize: 8,
    microBatchSize: 8,
    learningRate: 1e-3,
    warmupSteps: 0,
    decay: 'linear',
    weightDecay: 0,
    maxGradNorm: 1,
    dropout: null,
    maxSourceTokens: 192,
    maxTargetTokens: 48,
    evalEverySteps: 0,
    evalRows: 0,
    rougeRows: 0,
    checkpointEverySteps: 10,
    checkpointEverySeconds: 0,
  },
  resources: { workers: 2, gpusPerWorker: 1, memoryMiB: null },
};
const FACTS: EstimateFacts = {
  shape: FLAN_BASE,
  parameterCount: 247_600_000,
  training: report(),
  leakage: { rows: 0, sources: 0, share: 0 },
  measuredTokensPerSecond: null,
  backend: 'wasm',
  pool: { gpusPerWorker: 1, pricePerGpuHour: 2, memoryMiB: null },
};

describe('estimateJob', () => {
  it('counts the parameters of q and v in Flan-T5-base as PEFT does', () => {
    const estimate = estimateJob(SPEC, FACTS);
    expect(estimate.trainableParameters).toBe(884_736);
    expect(estimate.trainableShare).toBeCloseTo(0.0036, 4);
  });

  it('tokens are those of the steps, and time and price follow from a measured speed', () => {
    const estimate = estimateJob(SPEC, { ...FACTS, measuredTokensPerSecond: 1_000 });
    expect(estimate).toMatchObject({ steps: 100, trainedTokens: 100 * 8 * 120, seconds: 106, secondsBasis: 'measured' });
    expect(estimate.costUsd).toBeCloseTo((106 / 3600) * 2 * 2, 6);
  });

  it('without a tokenizer, tokens are judged by characters', () => {
    expect(estimateJob(SPEC, { ...FACTS, training: report({ tokens: null }) }).trainedTokens).toBe(100 * 8 * 120);
  });

  it('memory grows with the rows of one pass, and full training needs more than an adapter', () => {
    const memory = (change: Partial<JobSpec>, microBatchSize = 8) =>
      estimateJob({ ...SPEC, ...change, training: { ...SPEC.training, microBatchSize } }, FACTS).peakMemoryBytes;
    expect(memory({}, 1)).toBeLessThan(memory({}, 8));
    expect(memory({ method: 'full' })).toBeGreaterThan(memory({}));
  });

  it.each([
    ['gpt2', 'max_source_tokens and max_target_tokens make rows of up to 1050 tokens, and the model has 1024 positions: lower them.'],
    ['bert', 'max_source_tokens makes rows of up to 1002 tokens, and the model has 512 positions: lower it.'],
  ])('refuses rows for which a %s has no positions', (type, message) => {
    const shape = parseModelShape({ model_type: type });
    const ask = (maxSourceTokens: number) =>
      estimateJob(
        { ...SPEC, lora: { ...SPEC.lora, targetModules: 'all-linear' }, training: { ...SPEC.training, maxSourceTokens } },
        { ...FACTS, shape },
      );
    expect(() => ask(1_002)).toThrow(expect.objectContaining({ message, param: 'capstan.training.max_source_tokens' }));
    expect(ask(460).steps).toBe(100);
  });

  it('warns of what a person would want to know, and of nothing else', () => {
    expect(estimateJob(SPEC, FACTS).warnings).toEqual([]);
    const odd = estimateJob(
      {
        ...SPEC,
        training: { ...SPEC.training, maxSourceTokens: 100 },
        resources: { ...SPEC.resources, memoryMiB: 2048 },
      },
      {
        ...FACTS,
        training: report({ rows: 10, duplicates: { rows: 2, share: 0.2, examples: [] } }),
        leakage: { rows: 1, sources: 2, share: 0.04 },
      },
    );
    expect(odd.warnings.join('\n')).toMatch(
      /only 10 rows[\s\S]*20 % of the training rows[\s\S]*50 % of the rows are cut: their source[\s\S]*2048 MiB[\s\S]*2 validation rows stand in the training file too \(4 %\)/,
    );
    expect(estimateJob({ ...SPEC, validationFile: null }, { ...FACTS, leakage: null }).warnings.join()).toMatch(/No validation_file/);
  });

  it('a job that cannot fit its pool is refused with what would help; it is only warned of on a GPU, whose memory is another, and of a limit of its own', () => {
    const within = (memoryMiB: number, gpusPerWorker = 0) =>
      estimateJob(
        { ...SPEC, resources: { workers: 1, gpusPerWorker, memoryMiB: null } },
        { ...FACTS, pool: { ...FACTS.pool, gpusPerWorker, memoryMiB } },
      );
    expect(() => within(3000)).toThrow(/a worker gets 3000 MiB: lower capstan.training.micro_batch_size or set .*gradient_checkpointing/);
    expect(() => within(512)).toThrow(/even one row at once with gradient_checkpointing needs \d+ MiB/);
    expect(within(512, 1).warnings.join()).toMatch(/a worker gets 512 MiB/);
    expect(within(100_000).warnings).toEqual([]);
    const named = { ...SPEC, resources: { workers: 1, gpusPerWorker: 0, memoryMiB: 512 } };
    expect(estimateJob(named, FACTS).warnings.join()).toMatch(/a worker gets 512 MiB/);
  });

  it('a layer that the model does not have is refused by name', () => {
    expect(() => estimateJob({ ...SPEC, lora: { ...SPEC.lora, targetModules: ['q_proj'] } }, FACTS)).toThrow(
      expect.objectContaining({ param: 'capstan.lora.target_modules' }),
    );
  });
});
