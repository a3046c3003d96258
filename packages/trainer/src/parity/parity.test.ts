import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { adapterFiles, loadAdapter } from '../adapter-files.ts';
import { backendMemory, initBackend } from '../backend.ts';
import { loadModel } from '../model.ts';
import { parseSafetensors, type SafetensorsEntry } from '../safetensors.ts';
import { toFloat32 } from '../to-float32.ts';
import { compareCase } from './compare-case.ts';
import { readCase } from './read-case.ts';

const GOLDEN = fileURLToPath(new URL('../../reference/golden', import.meta.url));
const CASES = readdirSync(GOLDEN);

beforeAll(async () => {
  await initBackend({ prefer: 'wasm', threads: 1 });
});

describe('the golden files', () => {
  it('cover every kind of model', () => {
    expect(CASES.map((name) => name.split('-')[0])).toEqual(
      expect.arrayContaining(['bert', 'gpt2', 'llama', 'mistral', 'qwen2', 'qwen3', 't5']),
    );
  });

  it.each(CASES)('of %s: logits, gradients, loss curve and generated ids are those of transformers and peft', async (name) => {
    const before = backendMemory().numTensors;
    const { logit, gradient, loss, generated } = await compareCase(readCase(GOLDEN, name));
    expect(logit).toBeLessThan(1e-4);
    expect(gradient).toBeLessThan(1e-4);
    expect(loss).toBeLessThan(1e-3);
    expect(generated).toBe(0);
    expect(backendMemory().numTensors).toBe(before);
  });

  it.each(CASES)('of %s: the adapter is written as peft wrote it', async (name) => {
    const golden = readCase(GOLDEN, name);
    const model = loadModel(golden.model);
    const adapter = loadAdapter(model, golden.adapter);
    const files = await adapterFiles(adapter, name);
    const [ours, theirs] = [parseSafetensors(files['adapter_model.safetensors']), parseSafetensors(golden.adapter.weights)];
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    for (const [key, entry] of theirs) expect([...toFloat32(ours.get(key) as SafetensorsEntry)]).toEqual([...toFloat32(entry)]);
    const [settings, expected] = [files['adapter_config.json'], golden.adapter.config].map((bytes) =>
      JSON.parse(new TextDecoder().decode(bytes)),
    );
    for (const key of ['task_type', 'r', 'lora_alpha', 'use_rslora', 'fan_in_fan_out', 'layers_to_transform', 'base_model_name_or_path'])
      expect([key, settings[key]]).toEqual([key, expected[key]]);
    adapter.dispose();
    model.dispose();
  });
});
