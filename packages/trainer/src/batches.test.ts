import { describe, expect, it } from 'vitest';
import { epochBatches, tokensOf } from './batches.ts';
import { padBatch } from './t5/batch.ts';
import { tinyExamples } from './test-model.ts';

const ids = (...values: number[]) => Int32Array.from(values);

describe('padBatch', () => {
  const examples = [
    { inputIds: ids(5, 6, 1), labels: ids(7, 1) },
    { inputIds: ids(8, 1), labels: ids(9, 10, 1) },
  ];

  it('pads sources, shifts labels behind the start token and keeps the labels without padding', () => {
    expect(padBatch(examples, { padId: 0, decoderStartId: 3 })).toEqual({
      sourceIds: ids(5, 6, 1, 8, 1, 0),
      sourceLengths: [3, 2],
      decoderIds: ids(3, 7, 0, 3, 9, 10),
      labels: ids(7, 1, 9, 10, 1),
      labelPositions: ids(0, 1, 3, 4, 5),
    });
    expect(tokensOf(examples)).toBe(10);
  });
});

describe('epochBatches', () => {
  const examples = tinyExamples(203);

  it('holds every example once, in batches of the given size but for one', () => {
    const batches = epochBatches(examples, 8, 1, 0);
    expect(batches.flat().sort((a, b) => a - b)).toEqual([...examples.keys()]);
    expect(batches.map(({ length }) => length).filter((length) => length !== 8)).toEqual([3]);
  });

  it('is the same for the same seed and epoch, and another for others', () => {
    expect(epochBatches(examples, 8, 1, 2)).toEqual(epochBatches(examples, 8, 1, 2));
    expect(epochBatches(examples, 8, 1, 3)).not.toEqual(epochBatches(examples, 8, 1, 2));
    expect(epochBatches(examples, 8, 2, 2)).not.toEqual(epochBatches(examples, 8, 1, 2));
  });

  it('needs much less padding than batches of random lengths', () => {
    const padding = (batches: number[][]) =>
      batches.reduce((sum, batch) => {
        const lengths = batch.map((index) => examples[index]?.inputIds.length as number);
        return sum + lengths.length * Math.max(...lengths) - lengths.reduce((a, b) => a + b);
      }, 0);
    const inOrder = Array.from({ length: 26 }, (_, i) => [...examples.keys()].slice(8 * i, 8 * i + 8));
    expect(padding(epochBatches(examples, 8, 1, 0))).toBeLessThan(0.3 * padding(inOrder));
  });
});
