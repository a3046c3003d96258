import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDirectoryStore } from '@capstan/artifacts';
import { poolSchema } from '@capstan/core';
import { type Database, openDatabase } from '@capstan/db';
import { createLogger, systemClock } from '@capstan/runtime';
import { createTestDatabase, type TestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepare } from './prepare.ts';
import type { SeenModels } from './register-base-models.ts';
import { watchModels } from './watch-models.ts';

const logger = createLogger({ name: 'api', level: 'silent' });
const { signal } = new AbortController();
const EXAMPLES = fileURLToPath(new URL('../../../../examples', import.meta.url));
let database: TestDatabase;
let db: Database;
let directory = '';

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase({ url: database.url, clock: systemClock });
  directory = await mkdtemp(join(tmpdir(), 'capstan-startup-'));
});
afterAll(async () => {
  await db.close();
  await database.drop();
  await rm(directory, { recursive: true, maxRetries: 10 });
});

describe('prepare', () => {
  const settings = poolSchema.parse({ id: 'local', launcher: 'process', maxWorkers: 1 });
  const start = (modelsDir: string) => {
    const dependencies = { db, logger, shutdown: signal, artifacts: createDirectoryStore(join(directory, 'artifacts')) };
    return prepare(dependencies, {
      BOOTSTRAP_API_KEY: 'sk-bootstrap-key-1',
      DEFAULT_POOL: { id: 'local', settings },
      MODELS_DIR: modelsDir,
    });
  };

  it('makes the first key, the default pool and the base models; twice changes nothing', async () => {
    await start(EXAMPLES);
    await start(EXAMPLES);
    const key = await db.apiKeys.findByKey('sk-bootstrap-key-1');
    expect(key?.role).toBe('admin');
    expect((await db.pools.get('local'))?.maxWorkers).toBe(1);
    const models = await db.models.list({ projectId: key?.projectId ?? '' });
    expect(models).toMatchObject([{ id: 't5-nano', kind: 'base', config: { model_type: 't5', d_model: 192 } }]);
    expect(models[0]?.artifacts.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['config.json', 'tokenizer.json', 'model.safetensors']),
    );
    // 14.6 MB of float16, header aside.
    expect(models[0]?.parameterCount).toBeGreaterThan(7_200_000);
    expect(models[0]?.parameterCount).toBeLessThan(7_400_000);
  });

  it('a folder with an odd model keeps neither the others nor the API from starting', async () => {
    const odd = join(directory, 'models');
    await mkdir(join(odd, 'broken'), { recursive: true });
    await writeFile(join(odd, 'broken', 'config.json'), '{"model_type": "bert"}');
    await writeFile(join(odd, 'broken', 'tokenizer.json'), '{}');
    await writeFile(join(odd, 'broken', 'model.safetensors'), 'x');
    await start(odd);
    expect(await db.models.get('broken', 'proj-none')).toBeNull();
  });

  /** A safetensors file of one tensor with `size` numbers. */
  const weights = (size: number): Buffer => {
    const header = Buffer.from(JSON.stringify({ w: { dtype: 'F32', shape: [size], data_offsets: [0, 4 * size] } }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([length, header, Buffer.alloc(4 * size)]);
  };
  const LLAMA = { model_type: 'llama', hidden_size: 8, intermediate_size: 8, num_hidden_layers: 1, num_attention_heads: 1, vocab_size: 8 };

  it('models of other kinds are base models too, their weights in one file or in shards; half a model and a pickle are none', async () => {
    const folders = {
      shards: {
        config: LLAMA,
        weights: { 'model-00001-of-00002.safetensors': weights(2), 'model-00002-of-00002.safetensors': weights(3) },
      },
      classifier: { config: { model_type: 'bert' }, weights: { 'model.safetensors': weights(4) } },
      half: { config: LLAMA, weights: { 'model-00001-of-00002.safetensors': weights(2) } },
      pickle: { config: LLAMA, weights: { 'pytorch_model.bin': weights(2) } },
      stranger: { config: { model_type: 'mamba' }, weights: { 'model.safetensors': weights(2) } },
    };
    const several = join(directory, 'several');
    for (const [name, { config, weights: files }] of Object.entries(folders)) {
      await mkdir(join(several, name), { recursive: true });
      await writeFile(join(several, name, 'config.json'), JSON.stringify(config));
      await writeFile(join(several, name, 'tokenizer.json'), '{}');
      for (const [path, content] of Object.entries(files)) await writeFile(join(several, name, path), content);
    }
    await start(several);
    const found = await Promise.all(
      Object.keys(folders).map(async (name) => (await db.models.get(name, 'proj-none'))?.parameterCount ?? null),
    );
    expect(found).toEqual([5, 4, null, null, null]);
  });

  it('a model of an organisation, as the Hub has it, is found while the API runs, and only looked at again once it changes', async () => {
    const later = join(directory, 'later');
    await mkdir(join(later, 'org', '.pulling-1'), { recursive: true });
    await writeFile(join(later, 'org', '.pulling-1', 'config.json'), JSON.stringify(LLAMA));
    const stopping = new AbortController();
    const context = { db, logger, shutdown: stopping.signal, artifacts: createDirectoryStore(join(directory, 'artifacts')) };
    const seen: SeenModels = new Map();
    const watching = watchModels(context, [later, EXAMPLES].join(delimiter), { clock: systemClock, everyMs: 10, seen });
    const folder = join(later, 'org', 'tiny');
    await mkdir(folder);
    const files = { 'tokenizer.json': '{}', 'model.safetensors': weights(6), 'config.json': JSON.stringify(LLAMA) };
    for (const [path, content] of Object.entries(files)) await writeFile(join(folder, path), content);
    await expect.poll(async () => (await db.models.get('org/tiny', 'proj-none'))?.parameterCount).toBe(6);
    await expect.poll(() => [...seen.keys()].sort()).toEqual([folder, join(EXAMPLES, 't5-nano')].sort());
    stopping.abort();
    await watching;
  });
});
