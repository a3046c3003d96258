import { InvalidRequestError } from '../errors.ts';
import type { JobSpec } from '../job.ts';
import { ALL_LINEAR } from '../lora-config.ts';
import { linearModules, type T5Shape } from './t5-shape.ts';

/** How many numbers the job trains: r·(in + out) for each adapted layer, or every weight. Throws where no layer has a given name. */
export function trainableParameters(spec: Pick<JobSpec, 'method' | 'lora'>, shape: T5Shape, parameterCount: number): number {
  if (spec.method === 'full') return parameterCount;
  const modules = linearModules(shape);
  const { targetModules, r } = spec.lora;
  if (targetModules !== ALL_LINEAR) {
    const unknown = targetModules.find((target) => !modules.some(({ name }) => matches(name, target)));
    if (unknown !== undefined) {
      const known = [...new Set(modules.map(({ name }) => name.slice(name.lastIndexOf('.') + 1)))].join(', ');
      throw new InvalidRequestError(`The model has no linear layer named "${unknown}". It has ${known}.`, {
        param: 'capstan.lora.target_modules',
      });
    }
  }
  const adapted = modules.filter(({ name }) => targetModules === ALL_LINEAR || targetModules.some((target) => matches(name, target)));
  return adapted.reduce((sum, { inputs, outputs }) => sum + r * (inputs + outputs), 0);
}

/** PEFT matches a whole path or its end: `q` is every query, `SelfAttention.q` those of self-attention. */
function matches(name: string, target: string): boolean {
  return name === target || name.endsWith(`.${target}`);
}
