import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Tensor2D, tensor, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it, onTestFinished } from 'vitest';
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
import { nativeCpuBackend } from './native-backend.ts';

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

/** Counts the calls that TensorFlow gets for whole graphs. */
function countRuns(): { runs: number } {
  const native = nativeCpuBackend() ?? expect.fail('no graphs');
  const { binding } = native;
  const counted = { runs: 0 };
  const runSavedModel: typeof binding.runSavedModel = (...given) => {
    counted.runs += 1;
    return binding.runSavedModel(...given);
  };
  native.binding = Object.create(binding, { runSavedModel: { value: runSavedModel } });
  onTestFinished(() => void Object.assign(native, { binding }));
  return counted;
}

/** The worst difference as a part of the logits' own length, and how many parts of each decoding were graphs. The network is as nobody has used it yet. */
async function decodeAll(network: Network, counted: { runs: number }): Promise<{ worst: number; graphs: number[] }> {
  const decoded: { rows: TokenizedExample[]; logits: Float32Array }[] = [];
  const graphs: number[] = [];
  for (const source of SOURCES) {
    const [rows, before] = [rowsOf(source), counted.runs];
    decoded.push({ rows, logits: await logitsByToken(network, rows) });
    graphs.push(counted.runs - before);
  }
  const differences: number[] = [];
  for (const { rows, logits } of decoded) {
    const expected = await logitsAtOnce(network, rows);
    differences.push(Math.hypot(...expected.map((value, i) => value - (logits[i] as number))) / Math.hypot(...expected));
  }
  return { worst: Math.max(...differences), graphs };
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
      const counted = countRuns();
      const model = loadModel(golden.model);
      const adapter = loadAdapter(model, golden.adapter);
      // Every token is a part, and an encoder's reading of the source another one. Of the first decoding two tokens are recorded, of the second its beginning.
      const graphs = model.architecture.taskType === 'SEQ_2_SEQ_LM' ? [2, 3, 6, 6] : [2, 4, 5, 5];
      for (const change of [() => undefined, () => doubleUpdates(adapter)]) {
        change();
        const made = await decodeAll({ model, adapter }, counted);
        expect(made.graphs).toEqual(graphs);
        expect(made.worst).toBeLessThan(1e-5);
      }
      const made = await decodeAll({ model, adapter: undefined }, counted);
      expect(made.graphs).toEqual(graphs);
      expect(made.worst).toBeLessThan(1e-5);
      adapter.dispose();
      model.dispose();
      expect(backendMemory().numTensors).toBe(before);
    },
  );
});
