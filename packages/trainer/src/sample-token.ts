import type { RandomStream } from './random.ts';

/** Draws a token from softmax(logits / temperature), cut to the fewest tokens that reach `topP` (Holtzman et al., 2020). */
export function sampleToken(
  logits: ArrayLike<number>,
  { temperature, topP }: { temperature: number; topP: number },
  random: RandomStream,
): number {
  const order = Array.from({ length: logits.length }, (_, id) => id).sort((a, b) => at(logits, b) - at(logits, a) || a - b);
  const highest = at(logits, order[0] as number);
  const weights = order.map((id) => Math.exp((at(logits, id) - highest) / temperature));
  const nucleus = nucleusSum(weights, topP);
  let remaining = random.uniform() * nucleus;
  for (const [rank, id] of order.entries()) {
    remaining -= at(weights, rank);
    if (remaining < 0) return id;
  }
  return order[0] as number;
}

function nucleusSum(weights: readonly number[], topP: number): number {
  const target = topP * weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  for (const weight of weights) {
    sum += weight;
    if (sum >= target) break;
  }
  return sum;
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}
