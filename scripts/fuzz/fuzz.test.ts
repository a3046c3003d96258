import { describe, expect, it } from 'vitest';
import { createRandom } from './random.ts';
import { runFuzz } from './run-fuzz.ts';

describe('bad input in bulk', () => {
  it('brings no 5xx, no crash, no leak of another project and no refusal without a name', { timeout: 240_000 }, async () => {
    const { tally, problems } = await runFuzz({ requests: 600, seed: 11, env: process.env, announce: () => {} });
    expect(tally.failures).toEqual([]);
    expect(problems).toEqual([]);
    expect(tally.total('answered')).toBeGreaterThan(30);
    expect(tally.total('refused')).toBeGreaterThan(300);
  });

  it('can be repeated: the same seed draws the same', () => {
    const draw = (seed: number, stream: number) =>
      Array.from(
        { length: 5 },
        (
          (random) => () =>
            random.below(1_000_000)
        )(createRandom(seed, stream)),
      );
    expect(draw(7, 3)).toEqual(draw(7, 3));
    expect(draw(7, 3)).not.toEqual(draw(8, 3));
    expect(draw(7, 3)).not.toEqual(draw(7, 4));
  });
});
