import { createHash } from 'node:crypto';
import type { Tensor } from '@tensorflow/tfjs-core';
import { LRUCache } from 'lru-cache';
import type { Network } from '../network.ts';
import { type CompiledGraph, compileGraph } from './compiled-graph.ts';
import { handOverWeights } from './hand-over-weights.ts';
import { type NativeBackend, nativeCpuBackend } from './native-backend.ts';
import { type RecordedGraph, recordGraph } from './record-graph.ts';
import { savedModelBytes } from './saved-model.ts';

/** A computation that every decoding of a network repeats: reading the source, the first token, every later one. */
export interface DecodingPart {
  name: string;
  rows: number;
  /** The inputs' sizes that differ between decodings, or between tokens: of the source, of what is written so far. */
  lengths: readonly number[];
  /** All that the outputs depend on, besides the network's weights. */
  inputs: readonly Tensor[];
  compute: () => Tensor[];
}

export type ComputePart = (part: DecodingPart) => Tensor[];

/**
 * Computes a part as written and records it. Once two recordings agree, one call to TensorFlow computes the part. A length is free when two recordings
 * differed in it; until then only the recorded one is served. Recordings stay with the network until its weights change. Backends without
 * graphs go on as written.
 */
export function createComputePart(network: Network): ComputePart {
  const native = nativeCpuBackend();
  if (native === undefined) return ({ compute }) => compute();
  const parts = partsOf(network, native);
  return (part) => {
    const name = `${part.name} ${part.rows}`;
    const before = parts.get(name);
    if (before === null) return part.compute();
    const compiled = before !== undefined && serves(before, part.lengths) ? GRAPHS.get(before.key) : undefined;
    if (before !== undefined && compiled !== undefined) return compiled.run(part.inputs, before.captured);
    const { graph, outputs } = recordGraph(
      native,
      part.inputs.map((tensor) => ({ tensor, varies: true })),
      part.compute,
    );
    parts.set(name, withRecording(native, before, { graph, lengths: part.lengths }));
    return outputs;
  };
}

/** What the recordings of a part have in common. */
interface Recorded {
  key: string;
  /** TensorFlow's ids of the weights. */
  captured: readonly number[];
  /** The lengths that were recorded, by their place. */
  lengths: readonly Set<number>[];
}

function serves({ lengths }: Recorded, wanted: readonly number[]): boolean {
  return wanted.every((length, place) => (lengths[place]?.size ?? 0) > 1 || lengths[place]?.has(length));
}

/** Null where recordings differ: the part has no graph. */
function withRecording(
  native: NativeBackend,
  before: Recorded | undefined,
  { graph, lengths }: { graph: RecordedGraph; lengths: readonly number[] },
): Recorded | null {
  const bytes = savedModelBytes(graph.nodes);
  const key = createHash('sha256').update(bytes).update(graph.outputs.join()).digest('hex');
  const captured = graph.captured.map(({ id }) => id);
  if (before === undefined) return { key, captured, lengths: lengths.map((length) => new Set([length])) };
  if (before.key !== key || before.captured.join() !== captured.join()) return null;
  for (const [place, length] of lengths.entries()) before.lengths[place]?.add(length);
  if (!GRAPHS.has(key)) GRAPHS.set(key, compileGraph(native, graph, bytes));
  return before;
}

/**
 * Models of one shape share a graph: their weights are among its inputs. A graph takes some 6 MB, with what TensorFlow keeps beside it; one that was used the longest ago
 * goes, and is compiled anew where it is needed again.
 */
const GRAPHS = new LRUCache<string, CompiledGraph>({ max: 48, dispose: (graph) => graph.dispose() });

interface NetworkParts {
  /** The embedding, and whatever the adapter trains: training replaces them with every step. */
  weights: readonly Tensor[];
  parts: Map<string, Recorded | null>;
}

/** By the adapter, or by the model where there is none. */
const PARTS = new WeakMap<object, NetworkParts>();

function partsOf(network: Network, native: NativeBackend): NetworkParts['parts'] {
  const { model, adapter } = network;
  const weights = [model.weight(model.config.embeddingName), ...(adapter?.parameters().map((parameter) => parameter.value()) ?? [])];
  const owner = adapter ?? model;
  const known = PARTS.get(owner);
  if (known?.weights.length === weights.length && weights.every((weight, i) => weight === known.weights[i])) return known.parts;
  handOverWeights(native, network);
  const parts: NetworkParts['parts'] = new Map();
  PARTS.set(owner, { weights, parts });
  return parts;
}
