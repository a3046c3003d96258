import type { CapstanJob, EvaluationFigures, JobResult } from '@capstan/core';

type RestResult = NonNullable<CapstanJob['result']>;

export function resultToRest(result: JobResult): RestResult {
  return {
    base: result.base && figuresToRest(result.base),
    adapter: result.adapter && figuresToRest(result.adapter),
    samples: result.samples,
    generation_tokens_per_second: result.generationTokensPerSecond,
    backend: result.backend,
    peak_memory_bytes: result.peakMemoryBytes,
  };
}

function figuresToRest({ tokenAccuracy, rougeLsum, ...figures }: EvaluationFigures): NonNullable<RestResult['base']> {
  const perplexity = Math.exp(figures.loss);
  return {
    ...figures,
    perplexity: Number.isFinite(perplexity) ? perplexity : null,
    token_accuracy: tokenAccuracy,
    rougeLsum: rougeLsum ?? null,
  };
}
