import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseModelShape, peakMemoryBytes } from '@capstan/core';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../scripts/memory.ts', import.meta.url));
const config = fileURLToPath(new URL('../../../examples/t5-nano/config.json', import.meta.url));

const SETTINGS = ['lora/16/8/64/16', 'lora/16/8/192/48/checkpoints'];

it.each(SETTINGS)('a run of %s takes the memory that its estimate says, within a fifth', { timeout: 180_000 }, async (setting) => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, '--measure', 'wasm', config, setting]);
  const measured = JSON.parse(stdout) as { backend: string; parameters: number; trainable: number; peakMegabytes: number };
  const [rows = 0, source = 0, target = 0] = setting.split('/').slice(2).map(Number);
  const estimated = peakMemoryBytes(parseModelShape(JSON.parse(readFileSync(config, 'utf8'))), {
    backend: measured.backend,
    parameterCount: measured.parameters,
    trainableParameters: measured.trainable,
    microBatchSize: rows,
    maxSourceTokens: source,
    maxTargetTokens: target,
    gradientCheckpointing: setting.endsWith('/checkpoints'),
  });
  expect(Math.abs(estimated / 1e6 / measured.peakMegabytes - 1)).toBeLessThan(0.2);
});
