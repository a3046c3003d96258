import { ModelError } from '@capstan/core';

/** A file of a repository on the Hub. */
export interface HubFile {
  path: string;
  size: number;
  /** What its content must hash to: as git has it, or sha256 where the Hub keeps it apart. */
  digest: { kind: 'git' | 'sha256'; hex: string };
}

const NEEDED = ['config.json', 'tokenizer.json'];
const WEIGHTS = 'model.safetensors';
const SHARD = /^model-\d+-of-(\d+)\.safetensors$/;
const OPTIONAL = ['generation_config.json', 'tokenizer_config.json', 'special_tokens_map.json', 'chat_template.jinja'];
const PICKLE = /\.(bin|pt|pth|ckpt|pkl)$/;

/**
 * What a model needs to be trained and served, and nothing else of its repository. Weights in a pickle are refused, for opening one runs
 * its code; so is a repository that lacks a file, by name.
 */
export function chooseFiles(model: string, files: readonly HubFile[]): HubFile[] {
  const has = new Set(files.map(({ path }) => path));
  const missing = NEEDED.filter((path) => !has.has(path));
  if (missing.length > 0) throw new ModelError(`${model} has no ${missing.join(' and no ')}: it is not a model that can be trained here.`);
  const wanted = new Set([...NEEDED, ...OPTIONAL, ...weightsOf(model, [...has])]);
  return files.filter(({ path }) => wanted.has(path));
}

function weightsOf(model: string, paths: readonly string[]): string[] {
  if (paths.includes(WEIGHTS)) return [WEIGHTS];
  const shards = paths.filter((path) => SHARD.test(path));
  const expected = Number(SHARD.exec(shards[0] ?? '')?.[1]);
  if (shards.length > 0 && shards.length === expected) return shards;
  if (shards.length > 0) throw new ModelError(`${model} has ${shards.length} of ${expected} shards of its weights.`);
  if (paths.some((path) => PICKLE.test(path)))
    throw new ModelError(`${model} has its weights in a pickle only, which runs code when it is opened: choose a model in safetensors.`);
  throw new ModelError(`${model} has no ${WEIGHTS}.`);
}
