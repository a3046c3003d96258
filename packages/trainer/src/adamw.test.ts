import { describe, expect, it } from 'vitest';
import { applyAdamW, clipByGlobalNorm, createAdamW } from './adamw.ts';
import type { Parameter } from './parameters.ts';

const parameter = (size: number, decays: boolean): Parameter => {
  return { name: 'p', shape: [size], decays, value: unused, replace: unused };
};
const unused = (): never => {
  throw new Error('the optimiser works on vectors only');
};

describe('applyAdamW', () => {
  it('makes torch.optim.AdamW’s first two updates, with decay only where it applies', () => {
    const state = createAdamW(Float32Array.of(1, 1));
    const parameters = [parameter(1, true), parameter(1, false)];
    applyAdamW(state, parameters, Float32Array.of(0.5, 0.5), { learningRate: 0.1, weightDecay: 0.01 });
    expect(state.values[0]).toBeCloseTo(0.899, 6);
    expect(state.values[1]).toBeCloseTo(0.9, 6);
    applyAdamW(state, parameters, Float32Array.of(-1, -1), { learningRate: 0.1, weightDecay: 0.01 });
    expect(state.values[0]).toBeCloseTo(0.934711, 5);
    expect(state.values[1]).toBeCloseTo(0.93661, 5);
    expect(state.step).toBe(2);
  });

  it('refuses gradients of another length', () => {
    expect(() =>
      applyAdamW(createAdamW(new Float32Array(2)), [parameter(2, true)], new Float32Array(3), { learningRate: 1, weightDecay: 0 }),
    ).toThrow('3 gradients for 2 parameters');
  });
});

describe('clipByGlobalNorm', () => {
  it('scales to the limit and returns the norm before; leaves smaller gradients alone', () => {
    const large = Float32Array.of(3, 4);
    expect(clipByGlobalNorm(large, 1)).toBe(5);
    expect(large[0]).toBeCloseTo(0.6, 5);
    expect(large[1]).toBeCloseTo(0.8, 5);
    const small = Float32Array.of(0.3, 0.4);
    expect(clipByGlobalNorm(small, 1)).toBeCloseTo(0.5, 6);
    expect([...small]).toEqual([...Float32Array.of(0.3, 0.4)]);
  });
});
