/**
 * Exponential moving average that starts unbiased: the first values count fully, instead of being drawn towards zero. `weight` is that of the
 * past, from 0 (as it is) to just below 1. Gaps stay gaps.
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return [...values];
  let sum = 0;
  let total = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = sum * weight + value * (1 - weight);
    total = total * weight + (1 - weight);
    return sum / total;
  });
}
