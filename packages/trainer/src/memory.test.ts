import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseModelShape, peakMemoryBytes } from '@capstan/core';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../scripts/memory.ts', import.meta.url));
const config = fileURLToPath(new URL('../../../examples/t5-nano/config.json', import.meta.url));

it('a run takes about the memory that its estimate says', { timeout: 180_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, '--measure', config, 'lora/16/8/64/16']);
  const measured = JSON.parse(stdout) as { parameters: number; trainable: number; peakMegabytes: number };
  const facts = { parameterCount: measured.parameters, trainableParameters: measured.trainable, microBatchSize: 8 };
  const shape = parseModelShape(JSON.parse(readFileSync(config, 'utf8')));
  const estimated = peakMemoryBytes(shape, { ...facts, maxSourceTokens: 64, maxTargetTokens: 16 }) / 1e6;
  // Backends and allocators differ; a factor of two would mislead people.
  expect(estimated / measured.peakMegabytes).toBeGreaterThan(0.55);
  expect(estimated / measured.peakMegabytes).toBeLessThan(1.8);
});
