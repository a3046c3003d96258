import { describe, expect, it } from 'vitest';
import { drawOrder, drawRound, VICTIMS } from './draw.ts';
import { runChaos } from './run-chaos.ts';

describe('kill -9 of anything, at any moment, while jobs train', () => {
  it('loses no job, doubles none, and leaves the adapters that undisturbed runs leave', { timeout: 900_000 }, async () => {
    const report = await runChaos({ rounds: 10, seed: 6, env: process.env, announce: () => {} });
    expect(report.problems).toEqual([]);
    expect(report.succeeded).toBeGreaterThan(0);
    expect(report.attempts).toBeGreaterThan(report.jobs);
  });

  it('strikes the same victims for the same seed, each of them once in every deck', () => {
    const deck = (seed: number) => VICTIMS.map((_, round) => drawRound(seed, round, VICTIMS));
    expect(deck(7)).toEqual(deck(7));
    expect(deck(7)).not.toEqual(deck(8));
    expect(
      deck(7)
        .map(({ victim }) => victim)
        .sort(),
    ).toEqual([...VICTIMS].sort());
    expect(drawOrder(7, 3, 3)).toEqual(drawOrder(7, 3, 3));
  });
});
