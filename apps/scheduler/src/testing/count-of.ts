import type { Counter } from 'prom-client';

/** What a counter of a scheduler stands at, over all label values that are not named. */
export async function countOf<Label extends string>(counter: Counter<Label>, labels: Partial<Record<Label, string>> = {}): Promise<number> {
  const { values } = await counter.get();
  const wanted = Object.entries(labels);
  return values
    .filter(({ labels: found }) => wanted.every(([label, value]) => Object.entries(found).some(([l, v]) => l === label && v === value)))
    .reduce((sum, { value }) => sum + value, 0);
}
