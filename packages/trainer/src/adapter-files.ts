import { ModelError } from '@capstan/core';
import { type Tensor, tensor, tensor1d, tidy, transpose } from '@tensorflow/tfjs-core';
import { buildSafetensors, type SafetensorsSource } from './build-safetensors.ts';
import { readTransposed, readValues } from './host-tensor.ts';
import { type Adapter, buildAdapter } from './lora.ts';
import type { Model } from './model.ts';
import { isDecomposed } from './ops/lora-linear.ts';
import { parsePeftConfig, peftConfig } from './peft-config.ts';
import { parseSafetensors, readSafetensorsMetadata, type SafetensorsEntry } from './safetensors.ts';
import { toFloat32 } from './to-float32.ts';

export interface AdapterFiles {
  'adapter_config.json': Uint8Array;
  'adapter_model.safetensors': Uint8Array;
}

const PREFIX = 'base_model.model.';
const key = (module: string, factor: 'A' | 'B') => `${PREFIX}${module}.lora_${factor}.weight`;
const magnitudeKey = (module: string) => `${PREFIX}${module}.lora_magnitude_vector`;

/** The adapter in PEFT's layout, name for name, so that `PeftModel.from_pretrained` opens it. */
export async function adapterFiles(adapter: Adapter, baseModelName: string): Promise<AdapterFiles> {
  const entries = new Map<string, SafetensorsSource>();
  for (const module of adapter.modules) {
    const factors = adapter.update(module);
    if (factors === undefined) continue;
    entries.set(key(module, 'A'), await plain(factors.a));
    entries.set(key(module, 'B'), await transposed(factors.b));
    if (isDecomposed(factors)) entries.set(magnitudeKey(module), await plain(factors.magnitude));
  }
  for (const name of adapter.savedNames) {
    const value = adapter.saved(name);
    if (value === undefined) continue;
    const isMatrix = value.rank === 2 && adapter.transposes(name);
    entries.set(PREFIX + name, await (isMatrix ? transposed(value) : plain(value)));
  }
  const metadata = { format: 'pt', ...(adapter.labels && { labels: JSON.stringify(adapter.labels) }) };
  return {
    'adapter_config.json': new TextEncoder().encode(`${JSON.stringify(peftConfig(adapter, baseModelName), null, 2)}\n`),
    'adapter_model.safetensors': buildSafetensors(entries, metadata),
  };
}

/** Opens an adapter in PEFT's layout over `model`; throws a ModelError that names the entry which does not fit. */
export function loadAdapter(model: Model, files: { config: Uint8Array; weights: Uint8Array }): Adapter {
  const config = parsePeftConfig(files.config);
  const entries = parseSafetensors(files.weights);
  const find = (name: string): SafetensorsEntry => {
    const entry = entries.get(name);
    if (entry === undefined) throw new ModelError(`adapter_model.safetensors lacks "${name}", which adapter_config.json calls for.`);
    return entry;
  };
  const take = (name: string, shape: number[]): Float32Array => {
    const entry = find(name);
    if (entry.shape.join() === shape.join()) return toFloat32(entry);
    throw new ModelError(`adapter_model.safetensors: "${name}" is [${entry.shape}], but the base model calls for [${shape}].`);
  };
  return buildAdapter(model, config, {
    matricesOf: ({ name, inputs, outputs }) => ({
      a: take(key(name, 'A'), [config.r, inputs]),
      b: take(key(name, 'B'), [outputs, config.r]),
      magnitude: config.weightDecomposed ? tensor1d(take(magnitudeKey(name), [outputs])) : undefined,
    }),
    savedWeight: (name) => tidy(() => savedWeight(model, name, find(PREFIX + name))),
    labels: readLabels(files.weights),
  });
}

/** The head of a classifier has as many rows as the adapter has classes; every other weight has the base's shape. */
function savedWeight(model: Model, name: string, entry: SafetensorsEntry): Tensor {
  const spec = model.layout.find((one) => one.name === name);
  const isHead = model.architecture.taskType === 'SEQ_CLS' && name.startsWith(model.config.headName.slice(0, -'weight'.length));
  const expected = isHead ? [entry.shape[0], ...(spec?.shape ?? []).slice(1)] : (spec?.shape ?? []);
  if (entry.shape.join() !== expected.join())
    throw new ModelError(`adapter_model.safetensors: "${PREFIX}${name}" is [${entry.shape}], but the base model calls for [${expected}].`);
  const value = tensor(toFloat32(entry), entry.shape);
  return spec?.kind === 'linear' ? transpose(value) : value;
}

function readLabels(weights: Uint8Array): string[] | undefined {
  const { labels } = readSafetensorsMetadata(weights);
  if (labels === undefined) return undefined;
  try {
    const names: unknown = JSON.parse(labels);
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  } catch (cause) {
    throw new ModelError('adapter_model.safetensors: its labels are not JSON.', { cause });
  }
  throw new ModelError('adapter_model.safetensors: its labels are not a list of names.');
}

async function plain(x: Tensor): Promise<SafetensorsSource> {
  return { dtype: 'F32', shape: x.shape, data: await readValues(x) };
}

async function transposed(x: Tensor): Promise<SafetensorsSource> {
  return { dtype: 'F32', shape: [...x.shape].reverse(), data: await readTransposed(x) };
}
