import { type LoraConfig, ModelError } from '@capstan/core';
import { type Tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import { buildSafetensors, type SafetensorsSource } from './build-safetensors.ts';
import { type Adapter, buildAdapter } from './lora.ts';
import type { Model } from './model.ts';
import { parseSafetensors } from './safetensors.ts';
import { toFloat32 } from './to-float32.ts';

export interface AdapterFiles {
  'adapter_config.json': Uint8Array;
  'adapter_model.safetensors': Uint8Array;
}

const key = (module: string, factor: 'A' | 'B') => `base_model.model.${module}.lora_${factor}.weight`;

/** The adapter in PEFT's layout, name for name, so that `PeftModel.from_pretrained` opens it. */
export function adapterFiles(adapter: Adapter, baseModelName: string): AdapterFiles {
  const entries = new Map<string, SafetensorsSource>();
  for (const module of adapter.modules) {
    const factors = adapter.update(module);
    if (factors === undefined) continue;
    entries.set(key(module, 'A'), { dtype: 'F32', shape: factors.a.shape, data: values(factors.a) });
    const b = tidy(() => values(transpose(factors.b)));
    entries.set(key(module, 'B'), { dtype: 'F32', shape: [...factors.b.shape].reverse(), data: b });
  }
  return {
    'adapter_config.json': new TextEncoder().encode(`${JSON.stringify(peftConfig(adapter, baseModelName), null, 2)}\n`),
    'adapter_model.safetensors': buildSafetensors(entries, { format: 'pt' }),
  };
}

/** Opens an adapter in PEFT's layout over `model`; throws a ModelError that names the entry which does not fit. */
export function loadAdapter(model: Model, files: { config: Uint8Array; weights: Uint8Array }): Adapter {
  const settings = parsePeftConfig(files.config);
  const entries = parseSafetensors(files.weights);
  const take = (name: string, shape: number[]): Float32Array => {
    const entry = entries.get(name);
    if (entry === undefined) throw new ModelError(`adapter_model.safetensors lacks "${name}", which adapter_config.json calls for.`);
    if (entry.shape.join() !== shape.join()) {
      throw new ModelError(`adapter_model.safetensors: "${name}" is [${entry.shape}], but the base model calls for [${shape}].`);
    }
    return toFloat32(entry);
  };
  const { r } = settings.config;
  return buildAdapter(model, settings, ({ name, inputs, outputs }) => ({
    a: take(key(name, 'A'), [r, inputs]),
    b: take(key(name, 'B'), [outputs, r]),
  }));
}

function values(tensor: Tensor): Float32Array {
  return new Float32Array(tensor.dataSync());
}

function peftConfig(adapter: Adapter, baseModelName: string): Record<string, unknown> {
  const { r, alpha, dropout } = adapter.config;
  return {
    alpha_pattern: {},
    auto_mapping: null,
    base_model_name_or_path: baseModelName,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: alpha,
    lora_dropout: dropout,
    modules_to_save: null,
    peft_type: 'LORA',
    r,
    rank_pattern: {},
    revision: null,
    target_modules: targetNames(adapter),
    task_type: 'SEQ_2_SEQ_LM',
    use_dora: false,
    use_rslora: adapter.scale !== alpha / r,
  };
}

/** PEFT excludes the head from `all-linear` itself; plain names say the same to every version of it. */
function targetNames({ config, modules }: Adapter): string[] {
  if (config.targetModules !== 'all-linear') return [...config.targetModules];
  return [...new Set(modules.map((module) => module.slice(module.lastIndexOf('.') + 1)))].sort();
}

/** Variants of LoRA that change the maths are refused: silently ignoring one would give a different model. */
function parsePeftConfig(bytes: Uint8Array): { config: LoraConfig; rankStabilised: boolean } {
  const json = parseJson(bytes);
  requireDefault(json, 'peft_type', ['LORA']);
  requireDefault(json, 'bias', ['none']);
  requireDefault(json, 'use_dora', [false]);
  for (const name of ['modules_to_save', 'rank_pattern', 'alpha_pattern', 'layers_to_transform'])
    requireDefault(json, name, [null, '{}', '[]']);
  const { r, lora_alpha: alpha, lora_dropout: dropout = 0, target_modules: targets } = json;
  if (typeof r !== 'number' || !Number.isInteger(r) || r < 1)
    throw new ModelError(`adapter_config.json: r must be a whole number above 0, but is ${JSON.stringify(r)}.`);
  if (typeof alpha !== 'number' || typeof dropout !== 'number')
    throw new ModelError('adapter_config.json: lora_alpha and lora_dropout must be numbers.');
  const named = Array.isArray(targets) && targets.every((target) => typeof target === 'string');
  if (targets !== 'all-linear' && !named)
    throw new ModelError('adapter_config.json: target_modules must be a list of names or "all-linear".');
  return {
    config: { r, alpha, dropout, targetModules: targets as LoraConfig['targetModules'] },
    rankStabilised: json.use_rslora === true,
  };
}

function requireDefault(json: Record<string, unknown>, name: string, allowed: readonly unknown[]): void {
  const value = json[name];
  if (value === undefined || value === null || allowed.includes(value) || allowed.includes(JSON.stringify(value))) return;
  throw new ModelError(`adapter_config.json: ${name} ${JSON.stringify(value)} is not supported.`);
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  } catch (cause) {
    throw new ModelError('adapter_config.json is not JSON.', { cause });
  }
  throw new ModelError('adapter_config.json is not a JSON object.');
}
