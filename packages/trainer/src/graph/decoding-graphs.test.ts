import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Tensor2D, tensor, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { loadAdapter } from '../adapter-files.ts';
import { backendMemory, initBackend } from '../backend.ts';
import type { TokenizedExample } from '../batches.ts';
import { batchOf } from '../forward.ts';
import { inputsOf } from '../gradients.ts';
import { takeValues, toTensors } from '../host-tensor.ts';
import type { Adapter } from '../lora.ts';
import { loadModel } from '../model.ts';
import type { Network } from '../network.ts';
import { readCase } from '../parity/read-case.ts';

const GOLDEN = fileURLToPath(new URL('../../reference/golden', import.meta.url));
const CASES = readdirSync(GOLDEN).filter((name) => readCase(GOLDEN, name).examples.some(({ labels }) => labels.length > 1));
/** The first two are recorded, others are computed by graphs; the last is of the first one's lengths. */
const SOURCES = [6, 9, 4, 6];
const TOKENS = 5;

const { name: backend } = await initBackend({ prefer: 'tfjs-node' });

const ids = (length: number, seed: number) => Int32Array.from({ length }, (_, i) => 3 + ((i * 13 + seed * 7) % 30));
const rowsOf = (source: number): TokenizedExample[] =>
  [source, source - 2].map((length, row) => ({ inputIds: ids(length, row), labels: ids(TOKENS, row + 5) }));

/** The logits of every label in one pass, operation by operation: of one row after the other. */
function logitsAtOnce(network: Network, rows: readonly TokenizedExample[]): Promise<Float32Array> {
  const batch = batchOf(network, rows);
  return takeValues(tidy(() => batch.logits(network, toTensors(inputsOf(batch)))));
}

/** The same, one token a row at a time. */
async function logitsByToken(network: Network, rows: readonly TokenizedExample[]): Promise<Float32Array> {
  const session = network.model.architecture.startDecoding(
    network,
    rows.map(({ inputIds }) => inputIds),
  );
  const width = network.model.config.vocabSize;
  const logits = new Float32Array(rows.length * TOKENS * width);
  for (let i = 0; i < TOKENS; i++) {
    const tokens = i === 0 ? undefined : rows.map(({ labels }) => labels[i - 1] as number);
    const values = await takeValues(session.advance(tokens) as Tensor2D);
    for (const row of rows.keys()) logits.set(values.subarray(row * width, (row + 1) * width), (row * TOKENS + i) * width);
  }
  session.dispose();
  return logits;
}

/** As a part of the logits' own length. */
async function worstDifference(network: Network): Promise<number> {
  const differences: number[] = [];
  for (const source of SOURCES) {
    const rows = rowsOf(source);
    const [expected, actual] = [await logitsAtOnce(network, rows), await logitsByToken(network, rows)];
    differences.push(Math.hypot(...expected.map((value, i) => value - (actual[i] as number))) / Math.hypot(...expected));
  }
  return Math.max(...differences);
}

function doubleUpdates(adapter: Adapter): void {
  for (const parameter of adapter.parameters()) {
    const doubled = parameter
      .value()
      .dataSync()
      .map((value) => 2 * value);
    parameter.replace(tensor(doubled, parameter.shape));
  }
}

describe('the compiled parts of a decoding', () => {
  it.runIf(backend === 'tfjs-node').each(CASES)(
    'of %s compute what the whole pass computes, whatever the lengths and the weights',
    async (name) => {
      const golden = readCase(GOLDEN, name);
      const before = backendMemory().numTensors;
      const model = loadModel(golden.model);
      const adapter = loadAdapter(model, golden.adapter);
      expect(await worstDifference({ model, adapter: undefined })).toBeLessThan(1e-5);
      expect(await worstDifference({ model, adapter })).toBeLessThan(1e-5);
      doubleUpdates(adapter);
      expect(await worstDifference({ model, adapter })).toBeLessThan(1e-5);
      adapter.dispose();
      model.dispose();
      expect(backendMemory().numTensors).toBe(before);
    },
  );
});
