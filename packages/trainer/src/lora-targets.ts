import { InvalidRequestError, type LoraConfig } from '@capstan/core';
import type { WeightSpec } from './architecture.ts';
import type { Model } from './model.ts';

export interface TargetModule {
  name: string;
  inputs: number;
  outputs: number;
}

/** The linear layers that an adapter may change: every one but the head, without `.weight`. */
export function adaptableModules({ layout, config }: Pick<Model, 'layout' | 'config'>): TargetModule[] {
  return layout.filter(({ kind, name }) => (kind === 'linear' || kind === 'conv1d') && name !== config.headName).map(toModule);
}

function toModule({ name, shape, kind }: WeightSpec): TargetModule {
  const [first, second] = shape as [number, number];
  const [inputs, outputs] = kind === 'conv1d' ? [first, second] : [second, first];
  return { name: name.slice(0, -'.weight'.length), inputs, outputs };
}

/**
 * The modules that the settings mean, as PEFT reads them: a name is a whole module name or its last parts, a text is a regular expression
 * over the whole name, and only the given layers count. Nothing that fits throws an InvalidRequestError.
 */
export function targetModules(model: Model, { targetModules: targets, layersToTransform }: LoraConfig): TargetModule[] {
  const all = adaptableModules(model);
  const known = [...new Set(all.map(({ name }) => name.slice(name.lastIndexOf('.') + 1)))].join(', ');
  const refuse = (what: string): never => {
    throw new InvalidRequestError(`LoRA's ${what} is not in the model; its linear layers are ${known}.`, { param: 'target_modules' });
  };
  const named = typeof targets === 'string' ? all.filter(fits(targets)) : byNames(all, targets, refuse);
  const chosen = layersToTransform === undefined ? named : named.filter(({ name }) => layersToTransform.includes(layerOf(name)));
  if (chosen.length > 0) return chosen;
  return refuse(
    `choice of target modules ${JSON.stringify(targets)}${layersToTransform ? ` in layers ${layersToTransform.join(', ')}` : ''}`,
  );
}

function fits(expression: string): (module: TargetModule) => boolean {
  if (expression === 'all-linear') return () => true;
  const whole = new RegExp(`^(?:${expression})$`);
  return ({ name }) => whole.test(name);
}

function byNames(all: TargetModule[], targets: readonly string[], refuse: (what: string) => never): TargetModule[] {
  const missing = targets.find((target) => !all.some(({ name }) => endsAs(name, target)));
  if (missing !== undefined) return refuse(`target module "${missing}"`);
  return all.filter(({ name }) => targets.some((target) => endsAs(name, target)));
}

function endsAs(name: string, target: string): boolean {
  return name === target || name.endsWith(`.${target}`);
}

/** The first number in a module's path, which is its layer's. */
function layerOf(name: string): number {
  return Number(/\.(\d+)\./.exec(name)?.[1] ?? Number.NaN);
}
