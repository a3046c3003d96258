import { describe, expect, it } from 'vitest';
import type { TaskType } from './architecture.ts';
import { epochBatches, lengthFor, type TokenizedExample, tokensOf } from './batches.ts';
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
  const batchesOf = (changes: { seed?: number; epoch?: number; taskType?: TaskType } = {}) =>
    epochBatches(examples, { batchSize: 8, seed: 1, epoch: 0, taskType: 'SEQ_2_SEQ_LM', ...changes });

  it('holds every example once, in batches of the given size but for one', () => {
    const batches = batchesOf();
    expect(batches.flat().sort((a, b) => a - b)).toEqual([...examples.keys()]);
    expect(batches.map(({ length }) => length).filter((length) => length !== 8)).toEqual([3]);
  });

  it('is the same for the same seed and epoch, and another for others', () => {
    expect(batchesOf({ epoch: 2 })).toEqual(batchesOf({ epoch: 2 }));
    expect(batchesOf({ epoch: 3 })).not.toEqual(batchesOf({ epoch: 2 }));
    expect(batchesOf({ seed: 2 })).not.toEqual(batchesOf());
  });

  it.each(['SEQ_2_SEQ_LM', 'CAUSAL_LM', 'SEQ_CLS'] as const)('of %s needs much less padding than batches of random lengths', (taskType) => {
    const padding = (batches: number[][]) =>
      batches.reduce((sum, batch) => {
        const lengths = batch.map((index) => lengthFor(taskType)(examples[index] as TokenizedExample));
        return sum + lengths.length * Math.max(...lengths) - lengths.reduce((a, b) => a + b);
      }, 0);
    const inOrder = Array.from({ length: 26 }, (_, i) => [...examples.keys()].slice(8 * i, 8 * i + 8));
    expect(padding(batchesOf({ taskType }))).toBeLessThan(0.3 * padding(inOrder));
  });
});
