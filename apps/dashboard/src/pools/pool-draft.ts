import type { CreatePoolRequest, PoolObject } from '@capstan/core';

/** A pool as its form has it: what people write, before it is a request. */
export interface PoolDraft {
  id: string;
  launcher: PoolObject['launcher'];
  max_workers: number;
  min_ready: number;
  gpus_per_worker: number;
  price_per_gpu_hour: number;
  /** Empty where the job says it. */
  memory_mib: number | '';
  /** `label=value`, more of them with commas. */
  nodeSelector: string;
  /** The launcher's other settings as JSON; empty is none. */
  settings: string;
}

export const FRESH_POOL: PoolDraft = {
  id: '',
  launcher: 'kubernetes',
  max_workers: 1,
  min_ready: 0,
  gpus_per_worker: 1,
  price_per_gpu_hour: 0,
  memory_mib: '',
  nodeSelector: '',
  settings: '',
};

export function draftOf(pool: PoolObject): PoolDraft {
  const { nodeSelector = {}, ...others } = pool.settings ?? {};
  const labels = Object.entries(nodeSelector as Record<string, string>).map(([name, value]) => `${name}=${value}`);
  return {
    ...FRESH_POOL,
    ...pool,
    memory_mib: pool.memory_mib ?? '',
    nodeSelector: labels.join(', '),
    settings: Object.keys(others).length === 0 ? '' : JSON.stringify(others, null, 2),
  };
}

/** What is wrong with the launcher's settings, for the field that it is in; empty where nothing is. */
export function problemsOf({ nodeSelector, settings }: PoolDraft): { nodeSelector?: string; settings?: string } {
  const isLabel = (text: string) => /^[^=\s]+\s*=\s*\S+$/.test(text);
  return {
    ...(split(nodeSelector).every(isLabel) ? {} : { nodeSelector: 'Write label=value, more of them with commas.' }),
    ...(parseObject(settings) === null ? { settings: 'Write a JSON object, e.g. {"image": "…"}.' } : {}),
  };
}

/** The request for a draft without problems. */
export function requestOf({ nodeSelector, settings, memory_mib: memory, ...members }: PoolDraft): CreatePoolRequest {
  const labels = split(nodeSelector).map((pair) => pair.split('=').map((part) => part.trim()));
  const selector = labels.length === 0 ? {} : { nodeSelector: Object.fromEntries(labels) as Record<string, string> };
  const { id, launcher, max_workers, min_ready, gpus_per_worker, price_per_gpu_hour } = members;
  return {
    ...{ id, launcher, max_workers, min_ready, gpus_per_worker, price_per_gpu_hour },
    memory_mib: memory === '' ? null : memory,
    settings: { ...parseObject(settings), ...selector },
  };
}

function split(labels: string): string[] {
  return labels
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '');
}

function parseObject(text: string): Record<string, unknown> | null {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
