import { describe, expect, it } from 'vitest';
import { groupByLength } from './group-by-length.ts';

describe('groupByLength', () => {
  const items = [9, 2, 30, 3, 4, 1].map((length) => ({ inputIds: new Int32Array(length) }));
  const lengths = (limit: { tokens: number; rows: number }) =>
    groupByLength(items, limit).map((group) => group.map(({ inputIds }) => inputIds.length));

  it('keeps padded groups within the tokens, and gives a longer row a group of its own', () => {
    expect(lengths({ tokens: 12, rows: 10 })).toEqual([[1, 2, 3], [4], [9], [30]]);
  });

  it('keeps groups within the rows', () => {
    expect(lengths({ tokens: 1000, rows: 4 })).toEqual([
      [1, 2, 3, 4],
      [9, 30],
    ]);
  });

  it('makes no group of nothing', () => {
    expect(groupByLength([], { tokens: 1, rows: 1 })).toEqual([]);
  });
});
