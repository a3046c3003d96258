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
      const known = modules.map(({ name }) => name).join(', ');
      throw new InvalidRequestError(`The model has no linear layer named "${unknown}". It has ${known}.`, {
        param: 'capstan.lora.target_modules',
      });
    }
  }
  const adapted = modules.filter(({ name }) => targetModules === ALL_LINEAR || targetModules.some((target) => matches(name, target)));
  return adapted.reduce((sum, { inputs, outputs, count }) => sum + r * (inputs + outputs) * count, 0);
}

/** PEFT matches a name or the end of a path: `q`, `SelfAttention.q`. */
function matches(name: string, target: string): boolean {
  return target === name || target.endsWith(`.${name}`);
}
