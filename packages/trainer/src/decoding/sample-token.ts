import type { RandomStream } from '../random.ts';

export interface SamplingSettings {
  temperature: number;
  /** 0 takes all tokens. */
  topK: number;
  topP: number;
}

export interface TokenDistribution {
  /** The likeliest first. */
  ids: number[];
  /** They sum to 1. */
  probabilities: number[];
}

/** Draws a token from what `filteredDistribution` leaves. */
export function sampleToken(logits: Float32Array, settings: SamplingSettings, random: RandomStream): number {
  const { ids, probabilities } = filteredDistribution(logits, settings);
  let remaining = random.uniform();
  for (const [rank, id] of ids.entries()) {
    remaining -= probabilities[rank] as number;
    if (remaining < 0) return id;
  }
  return ids[0] as number;
}

/**
 * softmax(logits / temperature), cut to the `topK` likeliest tokens and those as likely as the last of them, then to the fewest of these
 * that reach `topP` (Holtzman et al., 2020), as transformers cuts it.
 */
export function filteredDistribution(logits: Float32Array, { temperature, topK, topP }: SamplingSettings): TokenDistribution {
  const order = Array.from(logits.keys()).sort((a, b) => at(logits, b) - at(logits, a) || a - b);
  const least = topK > 0 && topK < order.length ? at(logits, order[topK - 1] as number) : Number.NEGATIVE_INFINITY;
  const ids = order.filter((id) => at(logits, id) >= least);
  const highest = at(logits, ids[0] as number);
  const weights = ids.map((id) => Math.exp((at(logits, id) - highest) / temperature));
  const kept = weights.slice(0, nucleusSize(weights, topP));
  const sum = kept.reduce((total, weight) => total + weight, 0);
  return { ids: ids.slice(0, kept.length), probabilities: kept.map((weight) => weight / sum) };
}

function nucleusSize(weights: readonly number[], topP: number): number {
  const target = topP * weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  for (const [rank, weight] of weights.entries()) {
    sum += weight;
    if (sum >= target) return rank + 1;
  }
  return weights.length;
}

function at(values: Float32Array, index: number): number {
  return values[index] as number;
}
