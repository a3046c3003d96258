import type { TaskType } from './architecture.ts';
import { architectureOf } from './architectures.ts';
import { parseConfigJson, readIds } from './read-config.ts';

/** What config.json says that rows must be prepared for; an unknown kind of model throws a ModelError. */
export function readTask(config: Uint8Array): { type: TaskType; eosIds: number[] } {
  const json = parseConfigJson(config);
  return { type: architectureOf(json.model_type).taskType, eosIds: readIds(json, 'eos_token_id') };
}
