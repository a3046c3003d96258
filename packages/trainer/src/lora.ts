import { InvalidRequestError, type LoraConfig } from '@capstan/core';
import { type Tensor2D, tensor2d, tidy, transpose } from '@tensorflow/tfjs-core';
import type { Model } from './model.ts';
import type { LoraFactors } from './ops/lora-linear.ts';
import type { Parameter } from './parameters.ts';
import { createRandom } from './random.ts';
import { adaptableModules } from './t5/layout.ts';

/** Low-rank updates of a model's linear layers (Hu et al., 2021, arXiv:2106.09685): W x + (alpha / r) · B A x. */
export interface Adapter {
  readonly config: LoraConfig;
  /** alpha / r, or alpha / √r with rank-stabilised LoRA. */
  readonly scale: number;
  /** Targets by Hugging Face name, in the model's order. */
  readonly modules: readonly string[];
  update(module: string): LoraFactors | undefined;
  /** A and B of every module, in that order. */
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
  return buildAdapter(model, { config, rankStabilised: false }, ({ inputs, outputs }) => {
    const bound = inputs ** -0.5;
    const a = new Float32Array(config.r * inputs).map(() => (2 * random.uniform() - 1) * bound);
    return { a, b: new Float32Array(outputs * config.r) };
  });
}

/** Separates this use of a seed from the trainer's other ones. */
const ADAPTER_STREAM = 2;

export interface AdapterSettings {
  config: LoraConfig;
  rankStabilised: boolean;
}

export interface TargetModule {
  name: string;
  inputs: number;
  outputs: number;
}

/** Puts matrices from anywhere into tensors over the model's target modules. */
export function buildAdapter(
  model: Model,
  { config, rankStabilised }: AdapterSettings,
  matricesOf: (module: TargetModule) => LoraMatrices,
): Adapter {
  const scale = config.alpha / (rankStabilised ? Math.sqrt(config.r) : config.r);
  const updates = new Map<string, LoraFactors>();
  for (const module of targetModules(model, config.targetModules)) {
    const { a, b } = matricesOf(module);
    updates.set(module.name, {
      a: tensor2d(a, [config.r, module.inputs]),
      b: tidy(() => transpose(tensor2d(b, [module.outputs, config.r])) as Tensor2D),
      scale,
    });
  }
  return {
    config,
    scale,
    modules: [...updates.keys()],
    update: (module) => updates.get(module),
    parameters: () =>
      [...updates].flatMap(([module, factors]) => [factorParameter(module, factors, 'a'), factorParameter(module, factors, 'b')]),
    dispose: () => {
      for (const { a, b } of updates.values()) {
        a.dispose();
        b.dispose();
      }
      updates.clear();
    },
  };
}

/** As PEFT matches names: a target is a whole module name or its last parts. */
function targetModules(model: Model, targets: LoraConfig['targetModules']): TargetModule[] {
  const all = adaptableModules(model.config);
  if (targets === 'all-linear') return all;
  const matches = (name: string, target: string) => name === target || name.endsWith(`.${target}`);
  for (const target of targets) {
    if (all.some(({ name }) => matches(name, target))) continue;
    const known = [...new Set(all.map(({ name }) => name.slice(name.lastIndexOf('.') + 1)))].join(', ');
    throw new InvalidRequestError(`LoRA's target module "${target}" is not in the model; its linear layers are ${known}.`, {
      param: 'target_modules',
    });
  }
  return all.filter(({ name }) => targets.some((target) => matches(name, target)));
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
