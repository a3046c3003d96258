import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tensor, tidy } from '@tensorflow/tfjs-core';
import { labelLogits } from '../../src/forward.ts';
import { readValues } from '../../src/host-tensor.ts';
import { adapterFiles, buildSafetensors, createAdapter, loadModel } from '../../src/index.ts';
import { readCase } from '../../src/parity/read-case.ts';
import { parsePeftConfig } from '../../src/peft-config.ts';
import { createRandom } from '../../src/random.ts';
import { runPython } from './python.ts';

/** Writes an adapter of our own making for every golden model and lets peft compute with it: the largest difference of a logit by case. */
export async function openInPeft(python: string, { golden, work }: { golden: string; work: string }): Promise<Record<string, number>> {
  for (const name of readdirSync(golden)) {
    const { model: files, adapter: reference, examples } = readCase(golden, name);
    const model = loadModel(files);
    const adapter = createAdapter(model, parsePeftConfig(reference.config), 5);
    const random = createRandom(6);
    for (const parameter of adapter.parameters()) {
      const values = new Float32Array(parameter.value().size).map(() => random.normal() * 0.2);
      parameter.replace(tensor(values, parameter.shape));
    }
    const logits = tidy(() => labelLogits({ model, adapter }, examples));
    const entry = { dtype: 'F32' as const, shape: logits.shape, data: await readValues(logits) };
    const content = { ...(await adapterFiles(adapter, name)), 'logits.safetensors': buildSafetensors(new Map([['logits', entry]]), {}) };
    mkdirSync(join(work, name), { recursive: true });
    for (const [path, bytes] of Object.entries(content)) writeFileSync(join(work, name, path), bytes);
    for (const made of [logits, adapter, model]) made.dispose();
  }
  return JSON.parse(runPython(python, 'open_adapters.py', [golden, work])) as Record<string, number>;
}
