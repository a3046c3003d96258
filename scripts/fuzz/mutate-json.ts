import { oddText, oddValue } from './odd-values.ts';
import type { Random } from './random.ts';

/** A copy of a valid body with one to three things wrong: a member changed, dropped, renamed, added, or wrapped once more. */
export function mutateJson(value: unknown, random: Random): unknown {
  let mutated = value;
  for (let times = 1 + random.below(3); times > 0; times -= 1) mutated = mutateOnce(mutated, random);
  return mutated;
}

function mutateOnce(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.chance(0.1)) return mutateLeaf(value, random);
  if (Array.isArray(value)) return mutateList(value, random);
  const names = Object.keys(value);
  if (names.length === 0 || random.chance(0.15)) return withMember(value, oddText(random), oddValue(random));
  const name = random.pick(names);
  if (random.chance(0.15)) return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
  return withMember(value, name, mutateOnce(Reflect.get(value, name), random));
}

function mutateList(items: readonly unknown[], random: Random): unknown {
  if (items.length === 0 || random.chance(0.2)) return [...items, oddValue(random)];
  if (random.chance(0.1)) return Array.from({ length: 3_000 }, () => items[0]);
  const at = random.below(items.length);
  return items.map((item, index) => (index === at ? mutateOnce(item, random) : item));
}

function mutateLeaf(value: unknown, random: Random): unknown {
  if (typeof value === 'string' && random.chance(0.3)) return value + oddText(random);
  if (typeof value === 'number' && random.chance(0.3)) return String(value);
  return random.chance(0.1) ? [value] : oddValue(random);
}

/** Unlike an object literal, it makes `__proto__` a member like any other. */
function withMember(value: object, name: string, member: unknown): object {
  return Object.fromEntries([...Object.entries(value), [name, member]]);
}
