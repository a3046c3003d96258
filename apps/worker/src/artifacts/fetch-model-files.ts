import { type ArtifactRef, isArtifactLost, ModelError } from '@capstan/core';
import type { ArtifactCache } from './artifact-cache.ts';

export interface BaseModelFiles {
  config: Uint8Array;
  /** model.safetensors, or all of its shards in order. */
  weights: Uint8Array[];
  tokenizer: Uint8Array;
  /** Where the model has them. */
  tokenizerConfig: Uint8Array | undefined;
  template: Uint8Array | undefined;
}

const SHARD = /^model-\d+-of-\d+\.safetensors$/;

/** The files of a model in Hugging Face layout. Throws a ModelError that names the file that is missing or gone. */
export async function fetchModelFiles(
  artifacts: readonly ArtifactRef[],
  cache: ArtifactCache,
  options: { signal: AbortSignal },
): Promise<BaseModelFiles> {
  const fetch = (artifact: ArtifactRef) => fetchFile(artifact, cache, options);
  const fetchOptional = async (path: string) => {
    const artifact = artifacts.find((known) => known.path === path);
    return artifact && fetch(artifact);
  };
  // All that must be there are looked for before the first is fetched.
  const configFile = findFile(artifacts, 'config.json');
  const weightsFiles = findWeights(artifacts);
  const tokenizerFile = findFile(artifacts, 'tokenizer.json');
  const [config, weights, tokenizer, tokenizerConfig, template] = await Promise.all([
    fetch(configFile),
    Promise.all(weightsFiles.map(fetch)),
    fetch(tokenizerFile),
    fetchOptional('tokenizer_config.json'),
    fetchOptional('chat_template.jinja'),
  ]);
  return { config, weights, tokenizer, tokenizerConfig, template };
}

/** A single file wins over shards: a model of which every weight was trained has one beside its base's shards. */
function findWeights(artifacts: readonly ArtifactRef[]): ArtifactRef[] {
  const shards = artifacts.filter(({ path }) => SHARD.test(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
  const single = artifacts.some(({ path }) => path === 'model.safetensors');
  return single || shards.length === 0 ? [findFile(artifacts, 'model.safetensors')] : shards;
}

/** The file called `path` among a model's or an adapter's artifacts. */
export function findFile(artifacts: readonly ArtifactRef[], path: string): ArtifactRef {
  const found = artifacts.find((artifact) => artifact.path === path);
  if (!found)
    throw new ModelError(`The model has no ${path}; it has ${artifacts.map((artifact) => artifact.path).join(', ') || 'no files'}.`);
  return found;
}

/** One of a model's files. Gone from the store, or damaged there, is said as `ModelMissing`, which no retry cures. */
export async function fetchFile(artifact: ArtifactRef, cache: ArtifactCache, options: { signal: AbortSignal }): Promise<Uint8Array> {
  try {
    return await cache.fetch(artifact, options);
  } catch (cause) {
    if (!isArtifactLost(cause)) throw cause;
    throw new ModelError(`${artifact.path} cannot be read from the artifact store: ${cause.message}`, { cause, reason: 'ModelMissing' });
  }
}
