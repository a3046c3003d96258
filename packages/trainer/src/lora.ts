import { InvalidRequestError, type LoraConfig } from '@capstan/core';
import {
  clone,
  keep,
  sqrt,
  square,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { type TargetModule, targetModules } from './lora-targets.ts';
import type { Model } from './model.ts';
import { isDecomposed, type LoraFactors } from './ops/lora-linear.ts';
import type { Parameter } from './parameters.ts';
import { createRandom } from './random.ts';

/**
 * Low-rank updates of a model's linear layers (Hu et al., 2021, arXiv:2106.09685): W x + (alpha / r) · B A x. With DoRA (Liu et al., 2024,
 * arXiv:2402.09353) the updated weight is the direction only, and the length of every column is trained by itself.
 */
export interface Adapter {
  readonly config: LoraConfig;
  /** alpha / r, or alpha / √r with rank-stabilised LoRA (Kalajdzievski, 2023). */
  readonly scale: number;
  /** Targets by Hugging Face name, in the model's order. */
  readonly modules: readonly string[];
  /** Weights that the adapter has whole copies of, by name: PEFT's `modules_to_save`. */
  readonly savedNames: readonly string[];
  /** What PEFT should take the base for. */
  readonly task: { type: string; isFanInFanOut: boolean };
  /** Names of the classes that the adapter's own head tells apart. */
  readonly labels: readonly string[] | undefined;
  update(module: string): LoraFactors | undefined;
  saved(name: string): Tensor | undefined;
  /** Whether a saved weight lies transposed in memory, as linear layers do. */
  transposes(name: string): boolean;
  /** A, B and, with DoRA, the magnitude of every module, in that order, then the whole copies. */
  parameters(): Parameter[];
  dispose(): void;
}

/** A: [r, in] and B: [out, r] of one module, as PEFT's files hold them. */
export interface LoraMatrices {
  a: Float32Array;
  b: Float32Array;
  /** [out], of an adapter with DoRA, which takes it over. */
  magnitude?: Tensor1D | undefined;
}

/** A fresh adapter as PEFT makes it: A uniform within ±1/√in (Kaiming with a = √5), B zero, so that it changes nothing yet. */
export function createAdapter(model: Model, config: LoraConfig, seed: number): Adapter {
  const random = createRandom(seed, ADAPTER_STREAM);
  return buildAdapter(model, config, {
    matricesOf: ({ name, inputs, outputs }) => {
      const bound = inputs ** -0.5;
      const a = new Float32Array(config.r * inputs).map(() => (2 * random.uniform() - 1) * bound);
      const magnitude = config.weightDecomposed ? lengthsOf(model.weight(`${name}.weight`)) : undefined;
      return { a, b: new Float32Array(outputs * config.r), magnitude };
    },
    savedWeight: (name) => clone(model.weight(name)),
    labels: model.config.labels,
  });
}

/** [in, out] → the length of every column. */
function lengthsOf(weight: Tensor): Tensor1D {
  return tidy(() => sqrt(sum(square(weight), 0)) as Tensor1D);
}

/** Separates this use of a seed from the trainer's other ones. */
const ADAPTER_STREAM = 2;

export interface AdapterContent {
  matricesOf(module: TargetModule): LoraMatrices;
  /** A tensor that the adapter takes over, as it lies in the model. */
  savedWeight(name: string): Tensor;
  labels: readonly string[] | undefined;
}

/** Puts matrices from anywhere into tensors over the model's target modules. */
export function buildAdapter(model: Model, config: LoraConfig, content: AdapterContent): Adapter {
  const scale = config.alpha / (config.rankStabilised ? Math.sqrt(config.r) : config.r);
  const updates = new Map<string, LoraFactors>();
  const savedNames = namesToSave(model, config);
  for (const module of targetModules(model, config)) {
    if (savedNames.includes(`${module.name}.weight`)) continue;
    const { a, b, magnitude } = content.matricesOf(module);
    updates.set(module.name, {
      a: tensor2d(a, [config.r, module.inputs]),
      b: tidy(() => transpose(tensor2d(b, [module.outputs, config.r])) as Tensor2D),
      scale,
      ...(magnitude && { magnitude }),
    });
  }
  const saved = new Map(savedNames.map((name) => [name, keep(content.savedWeight(name))]));
  const kinds = new Map(model.layout.map(({ name, kind }) => [name, kind]));
  return {
    config,
    scale,
    modules: [...updates.keys()],
    savedNames,
    task: { type: model.architecture.taskType, isFanInFanOut: model.layout.some(({ kind }) => kind === 'conv1d') },
    labels: content.labels,
    update: (module) => updates.get(module),
    saved: (name) => saved.get(name),
    transposes: (name) => kinds.get(name) === 'linear',
    parameters: () => [
      ...[...updates].flatMap(([module, factors]) => factorsOf(factors).map((which) => factorParameter(module, factors, which))),
      ...savedNames.map((name) => savedParameter(name, saved, !['norm', 'bias'].includes(kinds.get(name) ?? ''))),
    ],
    dispose: () => {
      for (const factors of updates.values()) for (const which of factorsOf(factors)) factors[which]?.dispose();
      for (const value of saved.values()) value.dispose();
      updates.clear();
      saved.clear();
    },
  };
}

/** PEFT saves the head of a classifier by itself, and every module that ends in one of the given names. */
function namesToSave({ layout, config, architecture }: Model, { modulesToSave = [] }: LoraConfig): string[] {
  const isClassifier = architecture.taskType === 'SEQ_CLS';
  const wanted = [...modulesToSave, ...(isClassifier ? [config.headName.slice(0, -'.weight'.length)] : [])];
  const modules = layout.map(({ name }) => ({ name, module: name.slice(0, name.lastIndexOf('.')) }));
  for (const target of wanted) {
    if (!modules.some(({ module }) => module.endsWith(target))) refuseToSave(target, 'the model has no such module');
  }
  const names = modules.filter(({ module }) => wanted.some((target) => module.endsWith(target))).map(({ name }) => name);
  if (config.tiedHead && names.includes(config.embeddingName)) refuseToSave(config.embeddingName, 'it is tied to the head');
  return names;
}

function refuseToSave(module: string, reason: string): never {
  throw new InvalidRequestError(`"${module}" cannot be saved whole: ${reason}.`, { param: 'modules_to_save' });
}

/** PEFT's names of what is trained of a module. */
const FACTOR_NAMES = { a: 'lora_A', b: 'lora_B', magnitude: 'lora_magnitude_vector' } as const;
type Factor = keyof typeof FACTOR_NAMES;

function factorsOf(factors: LoraFactors): Factor[] {
  return isDecomposed(factors) ? ['a', 'b', 'magnitude'] : ['a', 'b'];
}

function factorParameter(module: string, factors: LoraFactors, which: Factor): Parameter {
  const value = () => factors[which] as Tensor;
  return {
    name: `${module}.${FACTOR_NAMES[which]}`,
    shape: value().shape,
    decays: true,
    value,
    replace: (next) => {
      value().dispose();
      Object.assign(factors, { [which]: next });
    },
  };
}

function savedParameter(name: string, saved: Map<string, Tensor>, decays: boolean): Parameter {
  const value = () => saved.get(name) as Tensor;
  return {
    name,
    shape: value().shape,
    decays,
    value,
    replace: (next) => {
      value().dispose();
      saved.set(name, next);
    },
  };
}
