import { ModelError } from '@capstan/core';
import { keep, type Tensor, tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import { buildSafetensors, type SafetensorsSource } from './build-safetensors.ts';
import { createRandom, type RandomStream } from './random.ts';
import { parseSafetensors, type SafetensorsEntry } from './safetensors.ts';
import { parseT5Config, type T5Config } from './t5/config.ts';
import { EMBEDDING, HEAD, type WeightSpec, weightLayout } from './t5/layout.ts';
import { toFloat32 } from './to-float32.ts';

export interface ModelFiles {
  /** config.json */
  config: Uint8Array;
  /** model.safetensors in float32, float16 or bfloat16 */
  weights: Uint8Array;
}

/** A base model in memory. It is never changed by adapters, so any number of them may share it. */
export interface Model {
  readonly config: T5Config;
  readonly parameterCount: number;
  /** By Hugging Face's names; linear layers lie as [in, out], the rest as in the file. */
  weight(name: string): Tensor;
  /** Puts `value` in a weight's place and frees the old one: the optimiser's write of `method: full`. */
  replaceWeight(name: string, value: Tensor): void;
  /** The head's [modelDim, vocabulary] matrix; of a tied head a copy that lives until the embedding changes. */
  headWeight(): Tensor;
  dispose(): void;
}

/** Builds a model from its files; throws a ModelError that names the weight or setting at fault. */
export function loadModel(files: ModelFiles): Model {
  const config = parseT5Config(files.config);
  const entries = parseSafetensors(files.weights);
  return createModel(config, (spec) => arrange(spec, toFloat32(findEntry(entries, spec))));
}

/** Builds a model with fresh weights from the seed, as transformers initialises T5; the same seed gives the same weights. */
export function initModel(config: Uint8Array, seed: number): Model {
  const random = createRandom(seed, INIT_STREAM);
  return createModel(parseT5Config(config), (spec) => arrange(spec, freshValues(spec, random)));
}

/** Separates this use of a seed from the trainer's other ones. */
const INIT_STREAM = 1;

/** The weights as Hugging Face names and lays them out, in float32. */
export function modelFiles(model: Model): { 'model.safetensors': Uint8Array } {
  const entries = new Map<string, SafetensorsSource>();
  for (const spec of weightLayout(model.config)) {
    const value = tidy(() => {
      const weight = model.weight(spec.name);
      return (spec.kind === 'linear' ? transpose(weight) : weight).dataSync();
    });
    entries.set(spec.name, { dtype: 'F32', shape: spec.shape, data: new Float32Array(value) });
  }
  return { 'model.safetensors': buildSafetensors(entries, { format: 'pt' }) };
}

/** A model with the same layout and other weights; `makeWeight` gives tensors that the model takes over. */
export function createModel(config: T5Config, makeWeight: (spec: WeightSpec) => Tensor): Model {
  const layout = weightLayout(config);
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
    config,
    parameterCount: layout.reduce((sum, { shape }) => sum + shape.reduce((size, n) => size * n, 1), 0),
    weight,
    replaceWeight: (name, value) => {
      weight(name).dispose();
      weights.set(name, value);
      if (name === EMBEDDING) dropTiedHead();
    },
    headWeight: () => {
      if (!config.tiedHead) return weight(HEAD);
      tiedHead ??= keepTransposed(weight(EMBEDDING));
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

function findEntry(entries: Map<string, SafetensorsEntry>, spec: WeightSpec): SafetensorsEntry {
  const entry = entries.get(spec.name) ?? (spec.name === EMBEDDING ? entries.get('encoder.embed_tokens.weight') : undefined);
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
  const values = new Float32Array(shape.reduce((size, n) => size * n, 1));
  return kind === 'norm' ? values.fill(1) : values.map(() => random.normal() * deviation);
}
