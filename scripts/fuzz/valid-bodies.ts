import type { FuzzWorld } from './fuzz-world.ts';

/** Bodies that the API takes, by route: mutations start from them. A route without one is sent odd values only. */
export function validBody(route: string, { own, baseModel }: FuzzWorld): unknown {
  const sampling = { max_tokens: 2, temperature: 0, top_p: 1, seed: 1, stop: ['\n'], capstan: { num_beams: 2, length_penalty: 1 } };
  const job = {
    model: baseModel,
    training_file: own.files[0],
    validation_file: own.files[0],
    suffix: 'fuzz',
    seed: 7,
    metadata: { team: 'a', run: '1' },
    method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 1, batch_size: 2, learning_rate_multiplier: 'auto' } } },
    capstan: {
      priority: 60,
      method: 'lora',
      lora: { r: 4, alpha: 8, dropout: 0.1, target_modules: ['q', 'v'] },
      training: { max_steps: 3, micro_batch_size: 1, warmup_steps: 0, decay: 'cosine', eval_rows: 2, max_source_tokens: 64 },
      generation: { num_beams: 2, repetition_penalty: 1.1 },
      resources: { workers: 1, gpus_per_worker: 0, memory_mib: 4_096 },
      max_attempts: 2,
    },
  };
  const messages = [{ role: 'user', content: 'Summarize: a small tool.' }];
  const bodies: Record<string, unknown> = {
    'POST /v1/fine_tuning/jobs': job,
    'POST /v1/fine_tuning/jobs/estimate': job,
    'POST /v1/chat/completions': { model: baseModel, messages, ...sampling, stream: false },
    'POST /v1/completions': { model: baseModel, prompt: 'Summarize: a small tool.', ...sampling, stream: true },
    'POST /v1/models/compare': { models: [baseModel], prompt: 'Summarize: a small tool.', ...sampling },
    'PATCH /v1/pools/{pool_id}': {
      ...{ max_workers: 2, min_ready: 0, price_per_gpu_hour: 1.5, paused: true, memory_mib: 512, gpus_per_worker: 0 },
      autoscale: { enabled: true, target_wait_seconds: 60, floor: 0, ceiling: 2, cool_down_seconds: 60 },
      settings: { nodeSelector: { zone: 'a' } },
    },
    'POST /v1/api_keys': { name: 'fuzz', role: 'viewer' },
  };
  return bodies[route] ?? { input: 'x' };
}
