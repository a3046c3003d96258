import fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';
import { comeToRest } from './testing/model/come-to-rest.ts';
import { take } from './testing/model/commands.ts';
import { checkAlways, checkAtRest } from './testing/model/invariants.ts';
import { type ModelGround, openModelGround } from './testing/model/model-world.ts';
import { anyHistory } from './testing/model/steps.ts';

/** The same histories at every run; another seed looks at others. */
const RUNS = { seed: 1, numRuns: 20, endOnFailure: true };

let ground: ModelGround;
beforeAll(async () => {
  ground = await openModelGround();
});
afterAll(() => ground.close());

it('whatever goes wrong, in whatever order: slots, epochs and ends hold, nothing is launched twice, and every job ends', {
  timeout: 600_000,
}, async () => {
  const property = fc.asyncProperty(anyHistory, async (history) => {
    const world = await ground.begin();
    for (const moment of history) {
      await Promise.all(moment.map((step) => take(world, step)));
      await checkAlways(world);
    }
    await comeToRest(world);
    await checkAtRest(world);
  });
  await fc.assert(property, RUNS);
});
