import { InvalidRequestError } from '../errors.ts';
import type { JobSpec } from '../job.ts';
import { ALL_LINEAR, type LoraConfig } from '../lora-config.ts';
import type { LinearModule, ModelShape } from './model-shape.ts';

/** How many numbers the job trains: r·(in + out) for each adapted layer, with DoRA another for each output, or every weight. Throws where no layer has a given name. */
export function trainableParameters(spec: Pick<JobSpec, 'method' | 'lora'>, shape: ModelShape, parameterCount: number): number {
  if (spec.method === 'full') return parameterCount;
  const { r, weightDecomposed } = spec.lora;
  const magnitudes = weightDecomposed ? 1 : 0;
  return adaptedModules(spec.lora, shape.modules).reduce(
    (sum, { inputs, outputs }) => sum + r * (inputs + outputs) + magnitudes * outputs,
    0,
  );
}

function adaptedModules({ targetModules, layersToTransform }: LoraConfig, modules: readonly LinearModule[]): readonly LinearModule[] {
  const named = typeof targetModules === 'string' ? byPattern(targetModules, modules) : byNames(targetModules, modules);
  const adapted = layersToTransform === undefined ? named : named.filter(({ name }) => layersToTransform.includes(layerOf(name)));
  if (adapted.length > 0) return adapted;
  const layers = layersToTransform === undefined ? '' : ` in the layers ${layersToTransform.join(', ')}`;
  throw refusal(`The model has no linear layer that ${JSON.stringify(targetModules)} means${layers}.`, modules);
}

/** PEFT's rule: a pattern stands for the whole path. */
function byPattern(pattern: string, modules: readonly LinearModule[]): readonly LinearModule[] {
  if (pattern === ALL_LINEAR) return modules;
  const whole = new RegExp(`^(?:${pattern})$`);
  return modules.filter(({ name }) => whole.test(name));
}

function byNames(targets: readonly string[], modules: readonly LinearModule[]): LinearModule[] {
  const unknown = targets.find((target) => !modules.some(({ name }) => matches(name, target)));
  if (unknown !== undefined) throw refusal(`The model has no linear layer named "${unknown}".`, modules);
  return modules.filter(({ name }) => targets.some((target) => matches(name, target)));
}

function refusal(message: string, modules: readonly LinearModule[]): InvalidRequestError {
  const known = [...new Set(modules.map(({ name }) => name.slice(name.lastIndexOf('.') + 1)))].join(', ');
  return new InvalidRequestError(`${message} It has ${known}.`, { param: 'capstan.lora.target_modules' });
}

/** PEFT matches a whole path or its end: `q` is every query, `SelfAttention.q` those of self-attention. */
function matches(name: string, target: string): boolean {
  return name === target || name.endsWith(`.${target}`);
}

/** The first number in a path, which is its layer's. */
function layerOf(name: string): number {
  return Number(/\.(\d+)\./.exec(name)?.[1] ?? Number.NaN);
}
