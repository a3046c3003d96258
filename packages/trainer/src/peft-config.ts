import { type LoraConfig, ModelError } from '@capstan/core';
import type { Adapter } from './lora.ts';

/** The settings of an adapter as PEFT writes them to adapter_config.json. */
export function peftConfig(adapter: Adapter, baseModelName: string): Record<string, unknown> {
  const { r, alpha, dropout, rankStabilised = false, weightDecomposed = false, modulesToSave, layersToTransform = null } = adapter.config;
  const classifier = adapter.task.type === 'SEQ_CLS' ? ['classifier', 'score'] : [];
  const saved = [...new Set([...classifier, ...(modulesToSave ?? [])])];
  return {
    alpha_pattern: {},
    auto_mapping: null,
    base_model_name_or_path: baseModelName,
    bias: 'none',
    fan_in_fan_out: adapter.task.isFanInFanOut,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: layersToTransform,
    lora_alpha: alpha,
    lora_dropout: dropout,
    modules_to_save: saved.length > 0 ? saved : null,
    peft_type: 'LORA',
    r,
    rank_pattern: {},
    revision: null,
    target_modules: targetNames(adapter),
    task_type: adapter.task.type,
    use_dora: weightDecomposed,
    use_rslora: rankStabilised,
  };
}

/** PEFT excludes the head from `all-linear` itself; plain names say the same to every version of it. */
function targetNames({ config, modules }: Adapter): string | string[] {
  if (config.targetModules !== 'all-linear')
    return typeof config.targetModules === 'string' ? config.targetModules : [...config.targetModules];
  return [...new Set(modules.map((module) => module.slice(module.lastIndexOf('.') + 1)))].sort();
}

/** Reads adapter_config.json. Variants of LoRA that change the maths are refused: silently ignoring one would give a different model. */
export function parsePeftConfig(bytes: Uint8Array): LoraConfig {
  const json = parseJson(bytes);
  requireDefault(json, 'peft_type', ['LORA']);
  requireDefault(json, 'bias', ['none']);
  for (const name of ['lora_bias', 'use_qalora']) requireDefault(json, name, [false]);
  for (const name of ['rank_pattern', 'alpha_pattern', 'layers_pattern', 'target_parameters', 'exclude_modules', 'trainable_token_indices'])
    requireDefault(json, name, ['{}', '[]']);
  const { r, lora_alpha: alpha, lora_dropout: dropout = 0, target_modules: targets } = json;
  if (typeof r !== 'number' || !Number.isInteger(r) || r < 1)
    throw new ModelError(`adapter_config.json: r must be a whole number above 0, but is ${JSON.stringify(r)}.`);
  if (typeof alpha !== 'number' || typeof dropout !== 'number')
    throw new ModelError('adapter_config.json: lora_alpha and lora_dropout must be numbers.');
  const modulesToSave = readList(json, 'modules_to_save', isText)?.filter((name) => json.task_type !== 'SEQ_CLS' || !isHead(name));
  const layers = typeof json.layers_to_transform === 'number' ? [json.layers_to_transform] : readList(json, 'layers_to_transform', isIndex);
  return {
    r,
    alpha,
    dropout,
    targetModules: readTargets(targets),
    rankStabilised: json.use_rslora === true,
    ...(json.use_dora === true && { weightDecomposed: true }),
    ...(modulesToSave && modulesToSave.length > 0 && { modulesToSave }),
    ...(layers && { layersToTransform: layers }),
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isIndex = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0;

/** What PEFT adds to `modules_to_save` of every classifier. */
function isHead(name: string): boolean {
  return name === 'classifier' || name === 'score';
}

function readTargets(targets: unknown): LoraConfig['targetModules'] {
  if (Array.isArray(targets) && targets.every(isText)) return targets;
  if (isText(targets) && isExpression(targets)) return targets;
  throw new ModelError('adapter_config.json: target_modules must be a list of names, a regular expression or "all-linear".');
}

function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

function readList<Item>(json: Record<string, unknown>, key: string, isItem: (value: unknown) => value is Item): Item[] | undefined {
  const value = json[key];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every(isItem)) return value;
  throw new ModelError(`adapter_config.json: ${key} ${JSON.stringify(value)} is not supported.`);
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
