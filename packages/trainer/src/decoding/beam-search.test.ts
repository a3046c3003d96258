import { describe, expect, it } from 'vitest';
import { advanceBeams, type BeamSearch, type BeamSettings, startBeamSearch } from './beam-search.ts';

const EOS = 0;
const SETTINGS: BeamSettings = { numBeams: 2, lengthPenalty: 1, earlyStopping: false, maxTokens: 3, stopIds: [EOS] };

/** A language of the tokens 1 and 2: probabilities of [eos, 1, 2] after each text. */
const AFTER: Record<string, [number, number, number]> = {
  '': [0.1, 0.5, 0.4],
  '1': [0.3, 0.3, 0.4],
  '2': [0.8, 0.1, 0.1],
  '1,1': [0.4, 0.3, 0.3],
  '1,2': [0.9, 0.05, 0.05],
};

function run(changes: Partial<BeamSettings> = {}): { search: BeamSearch; steps: number } {
  let search = startBeamSearch();
  let steps = 0;
  while (!search.isDone) {
    const scores = search.running.map(({ tokens }) => Float32Array.from(AFTER[tokens.join()] ?? [0.4, 0.3, 0.3], Math.log));
    search = advanceBeams(search, scores, { ...SETTINGS, ...changes }).search;
    steps += 1;
  }
  return { search, steps };
}

const textsOf = ({ ended }: BeamSearch) => ended.map(({ tokens }) => tokens.join());

describe('a search with two beams', () => {
  it('finds a likelier text than the greedy one', () => {
    // Greedy goes 1, 2, eos with 0.5 · 0.4 · 0.9 = 0.18; the search ends 2 with 0.4 · 0.8 = 0.32 as well, and weighs by length.
    const { search } = run({ lengthPenalty: 0 });
    expect(textsOf(search)).toEqual(['2', '1,2']);
    expect(search.ended[0]?.score).toBeCloseTo(Math.log(0.32), 6);
    expect(search.ended[1]?.score).toBeCloseTo(Math.log(0.18), 6);
  });

  it('prefers longer texts with a higher length penalty', () => {
    expect(textsOf(run({ lengthPenalty: 0 }).search)[0]).toBe('2');
    expect(textsOf(run({ lengthPenalty: 3 }).search)[0]).toBe('1,2');
  });

  it('ends early where it is told to, and goes on where it could still win', () => {
    expect(run({ earlyStopping: true, maxTokens: 6 }).steps).toBeLessThanOrEqual(run({ maxTokens: 6 }).steps);
    expect(run({ earlyStopping: 'never', lengthPenalty: 4, maxTokens: 6 }).steps).toBe(6);
  });

  it('ends every text at the longest length', () => {
    const { search, steps } = run({ stopIds: [], maxTokens: 2 });
    expect(steps).toBe(2);
    expect(search.ended.map(({ tokens }) => tokens.length)).toEqual([2, 2]);
  });
});

it('names the parent of every beam that runs on', () => {
  const first = advanceBeams(startBeamSearch(), [Float32Array.from([0.1, 0.5, 0.4], Math.log)], SETTINGS);
  expect(first.parents).toEqual([0, 0]);
  const scores = [
    [0.8, 0.1, 0.1],
    [0.1, 0.5, 0.4],
  ].map((row) => Float32Array.from(row, Math.log));
  const second = advanceBeams(first.search, scores, SETTINGS);
  expect(second.parents).toEqual([1, 1]);
  expect(second.search.running.map(({ tokens }) => tokens)).toEqual([
    [2, 1],
    [2, 2],
  ]);
});
