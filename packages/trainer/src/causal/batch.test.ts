import { expect, it } from 'vitest';
import { padCausalBatch } from './batch.ts';

it('the loss falls on the labels of weight 1, each at the position before it', () => {
  const read = { inputIds: Int32Array.of(5, 6), labels: Int32Array.of(7, 8, 9, 10, 1), labelWeights: Uint8Array.of(1, 1, 0, 0, 1) };
  const whole = { inputIds: Int32Array.of(11), labels: Int32Array.of(12, 1) };
  const batch = padCausalBatch([read, whole], { padId: 0 });
  expect(batch.rows).toBe(2);
  expect([...batch.ids]).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 0, 0, 0, 0]);
  expect([...batch.labels]).toEqual([7, 8, 1, 12, 1]);
  expect([...batch.labelPositions]).toEqual([1, 2, 5, 6, 7]);
});

it('without a prompt the first token of an answer is only read', () => {
  const batch = padCausalBatch([{ inputIds: new Int32Array(), labels: Int32Array.of(7, 8, 1) }], { padId: 0 });
  expect([...batch.labels]).toEqual([8, 1]);
  expect([...batch.labelPositions]).toEqual([0, 1]);
});
