import { describe, expect, it } from 'vitest';
import { createRandom } from '../random.ts';
import { filteredDistribution, type SamplingSettings, sampleToken } from './sample-token.ts';

const frequencies = (values: number[], changes: Partial<SamplingSettings>): number[] => {
  const [logits, settings] = [Float32Array.from(values), { temperature: 1, topK: 0, topP: 1, ...changes }];
  const random = createRandom(1);
  const counts = values.map(() => 0);
  for (let i = 0; i < 10_000; i++) {
    const token = sampleToken(logits, settings, random);
    counts[token] = (counts[token] as number) + 1;
  }
  return counts.map((count) => count / 10_000);
};

describe('sampleToken', () => {
  const logits = [Math.log(0.1), Math.log(0.6), Math.log(0.3)];

  it('draws by the softmax of the logits', () => {
    for (const [i, frequency] of frequencies(logits, { temperature: 1, topP: 1 }).entries()) {
      expect(frequency).toBeCloseTo([0.1, 0.6, 0.3][i] as number, 1);
    }
  });

  it('sharpens at low temperature', () => {
    expect(frequencies(logits, { temperature: 0.1, topP: 1 })[1]).toBeGreaterThan(0.99);
  });

  it('never leaves the nucleus, which always holds the likeliest token', () => {
    const nucleus = frequencies(logits, { temperature: 1, topP: 0.8 });
    expect(nucleus[0]).toBe(0);
    expect(nucleus[1]).toBeCloseTo(2 / 3, 1);
    expect(frequencies(logits, { temperature: 1, topP: 0 })).toEqual([0, 1, 0]);
  });

  it('takes the likeliest tokens alone, and those that are as likely as the last of them', () => {
    expect(frequencies(logits, { topK: 1 })).toEqual([0, 1, 0]);
    const tied = filteredDistribution(Float32Array.of(1, 3, 2, 2, 0), { temperature: 1, topK: 2, topP: 1 });
    expect(tied.ids).toEqual([1, 2, 3]);
    expect(tied.probabilities.reduce((sum, probability) => sum + probability, 0)).toBeCloseTo(1, 12);
  });
});
