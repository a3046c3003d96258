import type { CapstanJob, EvaluationFigures, JobResult, JobSpec } from '@capstan/core';

type RestResult = NonNullable<CapstanJob['result']>;

export function resultToRest(result: JobResult, { preference }: Pick<JobSpec, 'preference'>): RestResult {
  // The loss of pairs is none of words.
  const figuresToRest = preference ? pairFiguresToRest : textFiguresToRest;
  return {
    base: result.base && figuresToRest(result.base),
    adapter: result.adapter && figuresToRest(result.adapter),
    samples: result.samples,
    generation_tokens_per_second: result.generationTokensPerSecond,
    backend: result.backend,
    peak_memory_bytes: result.peakMemoryBytes,
  };
}

function textFiguresToRest({ tokenAccuracy, rougeLsum, ...figures }: EvaluationFigures): NonNullable<RestResult['base']> {
  const perplexity = Math.exp(figures.loss);
  return {
    ...figures,
    perplexity: Number.isFinite(perplexity) ? perplexity : null,
    token_accuracy: tokenAccuracy,
    rougeLsum: rougeLsum ?? null,
  };
}

function pairFiguresToRest(figures: EvaluationFigures): NonNullable<RestResult['base']> {
  return { ...textFiguresToRest(figures), perplexity: null };
}
