import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { backendMemory, initBackend } from '../backend.ts';
import { generate } from '../generate.ts';
import { loadModel } from '../model.ts';
import { differentTexts, distributionDistance, readGenerationGolden } from './compare-generation.ts';
import { readCase } from './read-case.ts';

const REFERENCE = fileURLToPath(new URL('../../reference', import.meta.url));
const golden = readGenerationGolden(`${REFERENCE}/generation.json`);
const CASES = [...new Set(golden.generations.map((one) => one.case))];

beforeAll(async () => {
  await initBackend({ prefer: 'wasm', threads: 1 });
});

it.each(CASES)('a batch of %s generates what transformers generates: greedily, with a penalty and with beams', async (name) => {
  const before = backendMemory().numTensors;
  expect(await differentTexts(`${REFERENCE}/golden`, name, golden)).toEqual([]);
  expect(backendMemory().numTensors).toBe(before);
});

it.each(CASES)('one input of %s alone is answered the same', async (name) => {
  const { model: files, examples } = readCase(`${REFERENCE}/golden`, name);
  const model = loadModel(files);
  for (const { settings, ids } of golden.generations.filter((one) => one.case === name)) {
    const made: number[] = [];
    const options = { maxTokens: golden.newTokens, ...settings };
    for await (const id of generate(model, undefined, examples[0]?.inputIds as Int32Array, options)) made.push(id);
    expect([settings, made]).toEqual([settings, ids[0]]);
  }
  model.dispose();
});

it('the golden texts differ with the settings, and end early and late', () => {
  const textsOf = (only: string) =>
    golden.generations.filter(({ settings }) => Object.keys(settings).join() === only).map(({ ids }) => ids);
  expect(textsOf('repetitionPenalty')).not.toEqual(textsOf(''));
  expect(textsOf('numBeams')).not.toEqual(textsOf(''));
  expect(new Set(golden.generations.flatMap(({ ids }) => ids).map(({ length }) => length)).size).toBeGreaterThan(6);
});

it('samples from what transformers’ filters leave', () => {
  expect(golden.distributions.length).toBeGreaterThan(10);
  for (const distribution of golden.distributions) expect(distributionDistance(distribution)).toBeLessThan(1e-6);
});
