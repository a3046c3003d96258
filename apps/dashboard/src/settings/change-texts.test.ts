import { describe, expect, it } from 'vitest';
import { changeTexts } from './change-texts.ts';

describe('a change in words', () => {
  it('names only the members that differ, by their paths', () => {
    const before = { version: 1, maxWorkers: 2, autoscale: { enabled: false, floor: 0, ceiling: 10 } };
    const after = { version: 2, maxWorkers: 2, autoscale: { enabled: true, floor: 0, ceiling: 4 } };
    expect(changeTexts(before, after)).toEqual({
      before: 'autoscale.enabled: false, autoscale.ceiling: 10',
      after: 'autoscale.enabled: true, autoscale.ceiling: 4',
    });
  });

  it('names all of what is new', () => {
    const after = { id: 'gpu', settings: {}, memoryMiB: null, nodes: ['a'] };
    expect(changeTexts({}, after)).toEqual({ before: '–', after: 'id: "gpu", settings: {}, memoryMiB: null, nodes: ["a"]' });
  });

  it('names what is gone on its own side only', () => {
    expect(changeTexts({ limit: 3 }, {})).toEqual({ before: 'limit: 3', after: '–' });
  });
});
