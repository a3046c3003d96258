import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { backendMemory, initBackend } from '../backend.ts';
import { evaluate } from '../evaluate.ts';
import { createAdapter } from '../lora.ts';
import { loadModel } from '../model.ts';
import { compareDpo, type DpoGolden, pairsOf, readDpoGoldens } from './compare-dpo.ts';
import { readCase } from './read-case.ts';

const REFERENCE = fileURLToPath(new URL('../../reference', import.meta.url));
const GOLDENS = readDpoGoldens(`${REFERENCE}/dpo.json`);

beforeAll(async () => {
  await initBackend({ prefer: 'wasm', threads: 1 });
});

it.each(GOLDENS)('the loss of $case with β $beta is torch’s and falls as there, in micro-batches too', async (golden) => {
  const before = backendMemory().numTensors;
  for (const microBatchSize of [golden.pairs.length, 2]) {
    const { first, right, worst } = await compareDpo(`${REFERENCE}/golden`, golden, microBatchSize);
    expect(first).toBeLessThan(1e-5);
    expect(right).toBeLessThan(1e-6);
    expect(worst).toBeLessThan(1e-3);
  }
  expect(backendMemory().numTensors).toBe(before);
});

it('the golden losses fall', () => {
  for (const { losses } of GOLDENS) expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] as number));
});

it('a fresh adapter prefers nothing, and no tensor stays behind', async () => {
  const [golden] = GOLDENS as [DpoGolden];
  const model = loadModel(readCase(`${REFERENCE}/golden`, golden.case).model);
  const adapter = createAdapter(model, { r: 2, alpha: 4, dropout: 0, targetModules: 'all-linear' }, 1);
  model.headWeight(); // a tied head's copy stays with the model
  const before = backendMemory().numTensors;
  const { loss, tokenAccuracy, tokens } = await evaluate(model, adapter, pairsOf(golden), { preference: { beta: golden.beta } });
  expect(loss).toBeCloseTo(Math.log(2), 6);
  expect([tokenAccuracy, tokens]).toEqual([0, golden.pairs.length]);
  expect(backendMemory().numTensors).toBe(before);
});
