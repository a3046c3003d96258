/**
 * A seeded stream of numbers: xoshiro128** (Blackman and Vigna, 2018), seeded through splitmix32 from any number of integers.
 * Every use derives its own stream from what it is for (seed, epoch, step …), so a resumed run needs no stored generator state.
 */
export interface RandomStream {
  /** Uniform in [0, 1) with 32 random bits. */
  uniform(): number;
  /** Standard normal, by Box and Muller's method. */
  normal(): number;
  /** A whole number in [0, bound). */
  integer(bound: number): number;
}

export function createRandom(...seeds: number[]): RandomStream {
  const next = xoshiro(seedState(seeds));
  const uniform = () => next() / 0x1_0000_0000;
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    integer: (bound) => Math.floor(uniform() * bound),
  };
}

/** Reorders in place; every order is equally likely (Fisher and Yates). */
export function shuffle<Item>(items: Item[], random: RandomStream): Item[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const item = items[i] as Item;
    items[i] = items[j] as Item;
    items[j] = item;
  }
  return items;
}

function seedState(seeds: number[]): Uint32Array {
  let hash = 0x9e3779b9;
  const state = new Uint32Array(4);
  for (const seed of seeds) {
    // Seeds may exceed 32 bits: both halves count.
    hash = mix(hash ^ (seed >>> 0));
    hash = mix(hash ^ (Math.floor(seed / 0x1_0000_0000) >>> 0));
  }
  for (let i = 0; i < state.length; i++) {
    hash = (hash + 0x9e3779b9) >>> 0;
    state[i] = mix(hash);
  }
  return state;
}

function mix(value: number): number {
  let z = (value + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

function xoshiro(state: Uint32Array): () => number {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
