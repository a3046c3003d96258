import type { EvaluationFigures, JobResult, JobSpec } from '@capstan/core';
import { expect, it } from 'vitest';
import { resultToRest } from './result-to-rest.ts';

const FIGURES: EvaluationFigures = {
  loss: Math.log(20),
  tokenAccuracy: 0.5,
  rouge1: 0.4,
  rouge2: 0.3,
  rougeL: 0.2,
  rougeLsum: 0.25,
  rows: 7,
};

const baseOf = (figures: EvaluationFigures, spec: Pick<JobSpec, 'preference'> = {}) => {
  const rest: JobResult = {
    base: figures,
    adapter: null,
    samples: [],
    generationTokensPerSecond: null,
    backend: 'wasm',
    peakMemoryBytes: null,
  };
  return resultToRest(rest, spec).base;
};

it('an evaluation says its perplexity beside its loss', () => {
  expect(baseOf(FIGURES)?.perplexity).toBeCloseTo(20, 10);
  expect(baseOf({ ...FIGURES, loss: 1_000 })?.perplexity).toBeNull();
  expect(baseOf(FIGURES, { preference: { beta: 0.1 } })?.perplexity).toBeNull();
});

it('an evaluation of an earlier release has no ROUGE-Lsum', () => {
  expect(baseOf(FIGURES)).toMatchObject({ rougeL: 0.2, rougeLsum: 0.25, token_accuracy: 0.5 });
  const { rougeLsum: _, ...earlier } = FIGURES;
  expect(baseOf(earlier)).toMatchObject({ rougeL: 0.2, rougeLsum: null });
});
