import { type ArtifactRef, isArtifactLost, ModelError } from '@capstan/core';
import type { ArtifactCache } from './artifact-cache.ts';

export type BaseModelFiles = Record<'config' | 'weights' | 'tokenizer', Uint8Array>;

/** The three files of a model in Hugging Face layout. Throws a ModelError that names the file that is missing or gone. */
export async function fetchModelFiles(
  artifacts: readonly ArtifactRef[],
  cache: ArtifactCache,
  options: { signal: AbortSignal },
): Promise<BaseModelFiles> {
  // All three are looked for before the first is fetched.
  const configFile = findFile(artifacts, 'config.json');
  const weightsFile = findFile(artifacts, 'model.safetensors');
  const tokenizerFile = findFile(artifacts, 'tokenizer.json');
  const [config, weights, tokenizer] = await Promise.all([
    fetchFile(configFile, cache, options),
    fetchFile(weightsFile, cache, options),
    fetchFile(tokenizerFile, cache, options),
  ]);
  return { config, weights, tokenizer };
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
