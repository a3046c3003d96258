import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { meanRouge, type RougeScores, rouge } from './rouge.ts';

/** What reference/rouge.py made of pairs of texts, drawn ones among them. */
interface Golden {
  cases: { prediction: string; reference: string; scores: RougeScores }[];
}

const { cases } = JSON.parse(readFileSync(new URL('../reference/rouge.json', import.meta.url), 'utf8')) as Golden;

/** The first two are rouge_score's own test cases; the rest follow by hand from its definition (use_stemmer=False). */
const GOLDEN: [prediction: string, reference: string, rouge1: number, rouge2: number, rougeL: number][] = [
  ['testing', 'testing one two', 0.5, 0, 0.5],
  ['testing one', 'testing one two', 0.8, 2 / 3, 0.8],
  ['', 'testing one two', 0, 0, 0],
  ['testing', '', 0, 0, 0],
  ['', '', 0, 0, 0],
  ['!!! ???', '...', 0, 0, 0],
  ['the the the', 'the cat the', 2 / 3, 0, 2 / 3],
  ['a b a b', 'a b', 2 / 3, 0.5, 2 / 3],
  ['b c d a', 'a b c d', 1, 2 / 3, 0.75],
  ['The quick brown fox jumps over the lazy dog', 'the fast brown fox jumped over the LAZY dogs.', 6 / 9, 3 / 8, 6 / 9],
  ["don't stop_me: café 3.5", 'don t stop me caf 3 5', 1, 1, 1],
];

describe('rouge', () => {
  it.each(GOLDEN)('"%s" against "%s" scores as the reference implementation', (prediction, reference, rouge1, rouge2, rougeL) => {
    const scores = rouge(prediction, reference);
    expect(scores.rouge1).toBeCloseTo(rouge1, 12);
    expect(scores.rouge2).toBeCloseTo(rouge2, 12);
    expect(scores.rougeL).toBeCloseTo(rougeL, 12);
  });

  it('equals the reference within 1e-6 on every metric of every golden pair', () => {
    expect(cases.length).toBeGreaterThan(50);
    for (const { prediction, reference, scores } of cases) {
      const ours = rouge(prediction, reference);
      expect(Object.keys(ours).sort()).toEqual(Object.keys(scores).sort());
      for (const metric of Object.keys(scores) as (keyof RougeScores)[]) {
        expect([prediction, reference, metric, Math.abs(ours[metric] - scores[metric]) < 1e-6]).toEqual([
          prediction,
          reference,
          metric,
          true,
        ]);
      }
    }
  });

  it('of lines is the union over them, as in section 3.2 of the paper', () => {
    expect(rouge('w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5', 'w1 w2 w3 w4 w5').rougeLsum).toBeCloseTo(8 / 15, 12);
    expect(rouge('a b c\nd e f', 'd e f\na b c')).toMatchObject({ rougeL: 0.5, rougeLsum: 1 });
  });

  it('the longest common subsequence may skip words on both sides', () => {
    expect(rouge('2 5 3 4', '1 2 3 4 5').rougeL).toBeCloseTo(6 / 9, 12);
  });

  it('words that are names of object properties count like any other', () => {
    expect(rouge('constructor toString', 'constructor tostring')).toEqual({ rouge1: 1, rouge2: 1, rougeL: 1, rougeLsum: 1 });
  });
});

describe('meanRouge', () => {
  it('averages the scores of the pairs', () => {
    const same = { prediction: 'a b', reference: 'a b' };
    expect(meanRouge([same, { prediction: 'x', reference: 'y' }])).toEqual({ rouge1: 0.5, rouge2: 0.5, rougeL: 0.5, rougeLsum: 0.5 });
  });

  it('is zero without pairs', () => {
    expect(meanRouge([])).toEqual({ rouge1: 0, rouge2: 0, rougeL: 0, rougeLsum: 0 });
  });
});
