import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TokenizedExample } from '../batches.ts';
import type { ModelFiles } from '../model.ts';
import { parseSafetensors, type SafetensorsEntry } from '../safetensors.ts';
import { toFloat32 } from '../to-float32.ts';

/** What transformers and peft made of a tiny model: the content of one folder that reference/golden.py wrote. */
export interface GoldenCase {
  name: string;
  model: ModelFiles;
  adapter: { config: Uint8Array; weights: Uint8Array };
  examples: TokenizedExample[];
  training: { decay?: 'linear' | 'cosine' | 'constant'; warmup_steps?: number; label_smoothing?: number };
  steps: number;
  newTokens: number;
  loss: number;
  generated: number[][];
  adapterGenerated: number[][];
  logits: Float32Array;
  adapterLogits: Float32Array;
  lossCurve: Float32Array;
  /** By PEFT's names. */
  gradients: Map<string, { shape: number[]; values: Float32Array }>;
}

interface Facts extends Pick<GoldenCase, 'training' | 'steps' | 'newTokens' | 'loss' | 'generated' | 'adapterGenerated'> {
  examples: { inputIds: number[]; labels: number[] }[];
}

const GRADIENT = 'gradient ';

export function readCase(folder: string, name: string): GoldenCase {
  const file = (path: string) => readFileSync(join(folder, name, path));
  const { examples, ...facts } = JSON.parse(file('golden.json').toString()) as Facts;
  const tensors = parseSafetensors(file('golden.safetensors'));
  const values = (key: string) => toFloat32(tensors.get(key) as SafetensorsEntry);
  const shards = readdirSync(join(folder, name)).filter((path) => path.startsWith('model') && path.endsWith('.safetensors'));
  const gradients = [...tensors].filter(([key]) => key.startsWith(GRADIENT));
  return {
    name,
    model: { config: file('config.json'), weights: shards.sort().map(file) },
    adapter: { config: file('adapter/adapter_config.json'), weights: file('adapter/adapter_model.safetensors') },
    examples: examples.map(({ inputIds, labels }) => ({ inputIds: Int32Array.from(inputIds), labels: Int32Array.from(labels) })),
    ...facts,
    logits: values('logits'),
    adapterLogits: values('adapterLogits'),
    lossCurve: values('lossCurve'),
    gradients: new Map(gradients.map(([key, entry]) => [key.slice(GRADIENT.length), { shape: entry.shape, values: toFloat32(entry) }])),
  };
}
