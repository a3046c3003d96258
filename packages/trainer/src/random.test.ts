import { describe, expect, it } from 'vitest';
import { createRandom, shuffle } from './random.ts';

const draw = (count: number, next: () => number) => Array.from({ length: count }, next);

describe('createRandom', () => {
  it('repeats itself for equal seeds, tells apart their order and numbers beyond 32 bits', () => {
    const start = (...seeds: number[]) => draw(4, createRandom(...seeds).uniform).join();
    expect(start(1, 2)).toBe(start(1, 2));
    expect(new Set([start(1, 2), start(2, 1), start(1), start(1, 0), start(2 ** 32 + 1)]).size).toBe(5);
  });

  it('is uniform and normal as it says', () => {
    const random = createRandom(3);
    const uniform = draw(20_000, random.uniform);
    const normal = draw(20_000, random.normal);
    const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
    expect(mean(uniform)).toBeCloseTo(0.5, 1);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    expect(mean(normal)).toBeCloseTo(0, 1);
    expect(mean(normal.map((value) => value * value))).toBeCloseTo(1, 1);
  });

  it('shuffles every order about as often as any other', () => {
    const random = createRandom(4);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6_000; i++) {
      const order = shuffle([0, 1, 2], random).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
