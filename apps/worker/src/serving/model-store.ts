import type { ArtifactRef } from '@capstan/core';
import { type ExampleEncoder, loadTokenizer, type Tokenizer } from '@capstan/datasets';
import { type Adapter, loadAdapter, loadModel, type Model } from '@capstan/trainer';
import type { ArtifactCache } from '../artifacts/artifact-cache.ts';
import { fetchFile, fetchModelFiles, findFile } from '../artifacts/fetch-model-files.ts';
import { makeEncoder } from '../artifacts/make-encoder.ts';

export interface LoadedModel {
  model: Model;
  adapter: Adapter | undefined;
  tokenizer: Tokenizer;
  encoder: ExampleEncoder;
}

interface LoadedBase {
  key: string;
  model: Model;
  tokenizer: Tokenizer;
  encoder: ExampleEncoder;
  /** By content, least recently used first. */
  adapters: Map<string, Adapter>;
}

export interface ModelStore {
  /** The base, and the adapter over it, from memory where they are. Valid until the next call. */
  open(base: readonly ArtifactRef[], adapter: readonly ArtifactRef[] | null, options: { signal: AbortSignal }): Promise<LoadedModel>;
}

/**
 * Keeps one base in memory, for a serving worker is started for one, and its most recently used adapters. Asked for another base, it
 * frees everything first. One caller at a time.
 */
export function createModelStore({ cache, maxAdapters }: { cache: ArtifactCache; maxAdapters: number }): ModelStore {
  let loaded: LoadedBase | null = null;

  async function openBase(artifacts: readonly ArtifactRef[], signal: AbortSignal): Promise<LoadedBase> {
    const key = contentKey(artifacts);
    if (loaded?.key === key) return loaded;
    const files = await fetchModelFiles(artifacts, cache, { signal });
    if (loaded) disposeBase(loaded);
    loaded = null;
    const tokenizer = loadTokenizer(files.tokenizer);
    const encoder = makeEncoder(files, { tokenizer, labels: [] });
    loaded = { key, model: loadModel(files), tokenizer, encoder, adapters: new Map() };
    return loaded;
  }

  async function openAdapter({ model, adapters }: LoadedBase, artifacts: readonly ArtifactRef[], signal: AbortSignal): Promise<Adapter> {
    const key = contentKey(artifacts);
    const known = adapters.get(key);
    adapters.delete(key);
    const adapter = known ?? loadAdapter(model, await fetchAdapterFiles(artifacts, cache, signal));
    adapters.set(key, adapter);
    for (const [oldest, unused] of adapters) {
      if (adapters.size <= maxAdapters) break;
      adapters.delete(oldest);
      unused.dispose();
    }
    return adapter;
  }

  return {
    async open(base, adapter, { signal }) {
      const opened = await openBase(base, signal);
      return {
        model: opened.model,
        tokenizer: opened.tokenizer,
        encoder: opened.encoder,
        adapter: adapter ? await openAdapter(opened, adapter, signal) : undefined,
      };
    },
  };
}

async function fetchAdapterFiles(artifacts: readonly ArtifactRef[], cache: ArtifactCache, signal: AbortSignal) {
  const configFile = findFile(artifacts, 'adapter_config.json');
  const weightsFile = findFile(artifacts, 'adapter_model.safetensors');
  const [config, weights] = await Promise.all([fetchFile(configFile, cache, { signal }), fetchFile(weightsFile, cache, { signal })]);
  return { config, weights };
}

function disposeBase({ model, adapters }: LoadedBase): void {
  for (const adapter of adapters.values()) adapter.dispose();
  model.dispose();
}

function contentKey(artifacts: readonly ArtifactRef[]): string {
  return artifacts
    .map(({ path, sha256 }) => `${path} ${sha256}`)
    .sort()
    .join('\n');
}
