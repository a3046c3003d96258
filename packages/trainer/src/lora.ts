import { InvalidRequestError, type LoraConfig } from '@capstan/core';
import { clone, keep, type Tensor, type Tensor2D, tensor2d, tidy, transpose } from '@tensorflow/tfjs-core';
import { type TargetModule, targetModules } from './lora-targets.ts';
import type { Model } from './model.ts';
import type { LoraFactors } from './ops/lora-linear.ts';
import type { Parameter } from './parameters.ts';
import { createRandom } from './random.ts';

/** Low-rank updates of a model's linear layers (Hu et al., 2021, arXiv:2106.09685): W x + (alpha / r) · B A x. */
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
  /** A and B of every module, in that order, then the whole copies. */
  parameters(): Parameter[];
  dispose(): void;
}

/** A: [r, in] and B: [out, r] of one module, as PEFT's files hold them. */
export interface LoraMatrices {
  a: Float32Array;
  b: Float32Array;
}

/** A fresh adapter as PEFT makes it: A uniform within ±1/√in (Kaiming with a = √5), B zero, so that it changes nothing yet. */
export function createAdapter(model: Model, config: LoraConfig, seed: number): Adapter {
  const random = createRandom(seed, ADAPTER_STREAM);
  return buildAdapter(model, config, {
    matricesOf: ({ inputs, outputs }) => {
      const bound = inputs ** -0.5;
      const a = new Float32Array(config.r * inputs).map(() => (2 * random.uniform() - 1) * bound);
      return { a, b: new Float32Array(outputs * config.r) };
    },
    savedWeight: (name) => clone(model.weight(name)),
    labels: model.config.labels,
  });
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
    const { a, b } = content.matricesOf(module);
    updates.set(module.name, {
      a: tensor2d(a, [config.r, module.inputs]),
      b: tidy(() => transpose(tensor2d(b, [module.outputs, config.r])) as Tensor2D),
      scale,
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
      ...[...updates].flatMap(([module, factors]) => [factorParameter(module, factors, 'a'), factorParameter(module, factors, 'b')]),
      ...savedNames.map((name) => savedParameter(name, saved, !['norm', 'bias'].includes(kinds.get(name) ?? ''))),
    ],
    dispose: () => {
      for (const { a, b } of updates.values()) {
        a.dispose();
        b.dispose();
      }
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

function factorParameter(module: string, factors: LoraFactors, which: 'a' | 'b'): Parameter {
  return {
    name: `${module}.lora_${which.toUpperCase()}`,
    shape: factors[which].shape,
    decays: true,
    value: () => factors[which],
    replace: (next) => {
      factors[which].dispose();
      factors[which] = next as Tensor2D;
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
