import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArtifactRef, ModelError, parseModelShape } from '@capstan/core';
import type { ApiDependencies } from '../api-context.ts';
import { countParameters } from './count-parameters.ts';

/** What a trainer and a server read of a model's folder. */
const NEEDED = ['config.json', 'tokenizer.json'];
const WEIGHTS = 'model.safetensors';
const SHARD = /^model-\d+-of-\d+\.safetensors$/;
const WANTED = [...NEEDED, 'generation_config.json', 'tokenizer_config.json', 'special_tokens_map.json', 'chat_template.jinja'];

type Context = Pick<ApiDependencies, 'artifacts' | 'db' | 'logger' | 'shutdown'>;

/** When the config of a folder that was looked at last changed: a second look costs next to nothing. */
export type SeenModels = Map<string, number>;

/**
 * Every folder with a model in Hugging Face layout becomes a base model of that name; one inside a folder that is no model itself is called
 * `organisation/name`, as on the Hub. Twice changes nothing.
 */
export async function registerBaseModels(context: Context, modelsDir: string, seen: SeenModels = new Map()): Promise<void> {
  for (const model of await findModels(modelsDir)) {
    try {
      const { ctimeMs } = await stat(join(model.folder, 'config.json'));
      if (seen.get(model.folder) === ctimeMs) continue;
      await register(context, model);
      seen.set(model.folder, ctimeMs);
    } catch (err) {
      // One odd folder must not keep the others, and the API, from starting.
      context.logger.warn({ err, model: model.id }, 'a model was not registered');
    }
  }
}

interface ModelFolder {
  id: string;
  folder: string;
  files: string[];
}

async function findModels(modelsDir: string, organisation?: string): Promise<ModelFolder[]> {
  const models: ModelFolder[] = [];
  const entries = await readdir(modelsDir, { withFileTypes: true });
  for (const entry of entries.filter(({ name }) => !name.startsWith('.'))) {
    const folder = join(modelsDir, entry.name);
    const files = entry.isDirectory() ? await readdir(folder) : [];
    if (files.includes('config.json')) models.push({ id: organisation ? `${organisation}/${entry.name}` : entry.name, folder, files });
    else if (entry.isDirectory() && organisation === undefined) models.push(...(await findModels(folder, entry.name)));
  }
  return models;
}

async function register({ artifacts, db, logger, shutdown }: Context, model: ModelFolder): Promise<void> {
  const missing = NEEDED.filter((file) => !model.files.includes(file));
  if (missing.length > 0) throw new ModelError(`${model.folder} lacks ${missing.join(' and ')}.`);
  const weights = findWeights(model);
  const config = readConfig(await readFile(join(model.folder, 'config.json'), 'utf8'));
  const refs: ArtifactRef[] = [];
  for (const path of [...WANTED.filter((file) => model.files.includes(file)), ...weights]) {
    const file = join(model.folder, path);
    if (!(await stat(file)).isFile()) continue;
    refs.push({ path, ...(await artifacts.put(createReadStream(file), { signal: shutdown })) });
  }
  const counts = await Promise.all(weights.map((file) => countParameters(join(model.folder, file))));
  const parameterCount = counts.reduce((sum, count) => sum + count, 0);
  await db.models.upsertBase({ id: model.id, artifacts: refs, config, parameterCount });
  logger.info({ model: model.id, parameterCount }, 'a base model is ready');
}

/** One file, or all of the shards that their own names count. Pickles run code when they are opened, so they are refused. */
function findWeights({ folder, files }: { folder: string; files: string[] }): string[] {
  if (files.includes(WEIGHTS)) return [WEIGHTS];
  const shards = files.filter((file) => SHARD.test(file)).sort();
  const expected = Number(/of-(\d+)\./.exec(shards[0] ?? '')?.[1]);
  if (shards.length > 0 && shards.length === expected) return shards;
  if (shards.length > 0) throw new ModelError(`${folder} has ${shards.length} of ${expected} shards of the weights.`);
  const hasPickle = files.some((file) => file.endsWith('.bin') || file.endsWith('.pt'));
  throw new ModelError(`${folder} lacks ${WEIGHTS}${hasPickle ? '; weights in a pickle are refused, save them as safetensors' : ''}.`);
}

/** Refuses a model that cannot be trained here. */
function readConfig(text: string): object {
  const config: object = JSON.parse(text);
  parseModelShape(config);
  return config;
}
