import { ModelError } from '@capstan/core';
import { keep, type Tensor, tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import type { Architecture, ModelConfig, WeightSpec } from './architecture.ts';
import { architectureOf } from './architectures.ts';
import { buildSafetensors, type SafetensorsSource } from './build-safetensors.ts';
import { readTransposed, readValues } from './host-tensor.ts';
import { createRandom, type RandomStream } from './random.ts';
import { parseConfigJson } from './read-config.ts';
import { parseSafetensors, type SafetensorsEntry } from './safetensors.ts';
import { toFloat32 } from './to-float32.ts';

export interface ModelFiles {
  /** config.json */
  config: Uint8Array;
  /** model.safetensors in float32, float16 or bfloat16, or all of its shards. */
  weights: Uint8Array | readonly Uint8Array[];
}

export interface ModelOptions {
  /** The classes of a classifier, instead of those that config.json names. */
  labels?: readonly string[] | undefined;
  /** Draws what the files lack: the head of a classifier over a bare encoder. */
  seed?: number | undefined;
}

/** A base model in memory. It is never changed by adapters, so any number of them may share it. */
export interface Model<Config extends ModelConfig = ModelConfig> {
  readonly architecture: Architecture<Config>;
  readonly config: Config;
  readonly layout: readonly WeightSpec[];
  readonly parameterCount: number;
  /** By Hugging Face's names; linear layers lie as [in, out], the rest as in the file. */
  weight(name: string): Tensor;
  hasWeight(name: string): boolean;
  /** Puts `value` in a weight's place and frees the old one: the optimiser's write of `method: full`. */
  replaceWeight(name: string, value: Tensor): void;
  /** The head's [width, vocabulary] matrix; of a tied head a copy that lives until the embedding changes. */
  headWeight(): Tensor;
  dispose(): void;
}

/** Builds a model from its files; throws a ModelError that names the weight or setting at fault. */
export function loadModel(files: ModelFiles, { labels, seed = 0 }: ModelOptions = {}): Model {
  const entries = mergeShards(files.weights);
  const json = withLabels(parseConfigJson(files.config), labels);
  const architecture = architectureOf(json.model_type);
  const find = (name: string) =>
    [name, ...architecture.aliases(name)].map((known) => entries.get(known)).find((entry) => entry !== undefined);
  const config = architecture.parseConfig(json, (name) => find(name) !== undefined);
  const random = createRandom(seed, INIT_STREAM);
  return createModel(architecture, config, (spec) => {
    const entry = find(spec.name);
    if (spec.isOptional && entry?.shape.join() !== spec.shape.join()) return arrange(spec, freshValues(spec, random));
    return arrange(spec, toFloat32(requireFit(entry, spec)));
  });
}

/** Builds a model with fresh weights from the seed, as transformers initialises it; the same seed gives the same weights. */
export function initModel(config: Uint8Array, seed: number, { labels }: Pick<ModelOptions, 'labels'> = {}): Model {
  const random = createRandom(seed, INIT_STREAM);
  const json = withLabels(parseConfigJson(config), labels);
  const architecture = architectureOf(json.model_type);
  const hasWeight = (name: string) => name === 'lm_head.weight' && json.tie_word_embeddings === false;
  return createModel(architecture, architecture.parseConfig(json, hasWeight), (spec) => arrange(spec, freshValues(spec, random)));
}

/** Separates this use of a seed from the trainer's other ones. */
const INIT_STREAM = 1;

/** The weights as Hugging Face names and lays them out, in float32. */
export async function modelFiles(model: Model): Promise<{ 'model.safetensors': Uint8Array }> {
  const entries = new Map<string, SafetensorsSource>();
  for (const spec of model.layout) {
    const weight = model.weight(spec.name);
    const data = await (spec.kind === 'linear' ? readTransposed(weight) : readValues(weight));
    entries.set(spec.name, { dtype: 'F32', shape: spec.shape, data });
  }
  return { 'model.safetensors': buildSafetensors(entries, { format: 'pt' }) };
}

/** A model with the same layout and other weights; `makeWeight` gives tensors that the model takes over. */
export function createModel<Config extends ModelConfig>(
  architecture: Architecture<Config>,
  config: Config,
  makeWeight: (spec: WeightSpec) => Tensor,
): Model<Config> {
  const layout = architecture.layout(config);
  const weights = new Map(layout.map((spec) => [spec.name, makeWeight(spec)]));
  let tiedHead: Tensor | undefined;
  const weight = (name: string): Tensor => {
    const found = weights.get(name);
    if (found === undefined) throw new ModelError(`The model has no weight "${name}".`);
    return found;
  };
  const dropTiedHead = (): void => {
    tiedHead?.dispose();
    tiedHead = undefined;
  };
  return {
    architecture,
    config,
    layout,
    parameterCount: layout.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    weight,
    hasWeight: (name) => weights.has(name),
    replaceWeight: (name, value) => {
      weight(name).dispose();
      weights.set(name, value);
      if (name === config.embeddingName) dropTiedHead();
    },
    headWeight: () => {
      if (!config.tiedHead) return weight(config.headName);
      tiedHead ??= keepTransposed(weight(config.embeddingName));
      return tiedHead;
    },
    dispose: () => {
      dropTiedHead();
      for (const value of weights.values()) value.dispose();
      weights.clear();
    },
  };
}

function keepTransposed(x: Tensor): Tensor {
  return keep(tidy(() => transpose(x)));
}

function mergeShards(weights: ModelFiles['weights']): Map<string, SafetensorsEntry> {
  if (weights instanceof Uint8Array) return parseSafetensors(weights);
  return new Map(weights.flatMap((shard) => [...parseSafetensors(shard)]));
}

function withLabels(json: Record<string, unknown>, labels: readonly string[] | undefined): Record<string, unknown> {
  return labels === undefined ? json : { ...json, id2label: Object.fromEntries(labels.entries()) };
}

function requireFit(entry: SafetensorsEntry | undefined, spec: WeightSpec): SafetensorsEntry {
  if (entry === undefined) throw new ModelError(`model.safetensors lacks the weight "${spec.name}", which config.json calls for.`);
  if (entry.shape.join() !== spec.shape.join()) {
    throw new ModelError(`model.safetensors: "${spec.name}" is [${entry.shape}], but config.json calls for [${spec.shape}].`);
  }
  return entry;
}

function arrange({ shape, kind }: WeightSpec, values: Float32Array): Tensor {
  return tidy(() => {
    const value = tensor(values, shape);
    return kind === 'linear' ? transpose(value) : value;
  });
}

function freshValues({ shape, kind, deviation }: WeightSpec, random: RandomStream): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  if (kind === 'bias') return values;
  return kind === 'norm' ? values.fill(1) : values.map(() => random.normal() * deviation);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, n) => size * n, 1);
}
