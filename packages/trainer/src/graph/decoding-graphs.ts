import { createHash } from 'node:crypto';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Network } from '../network.ts';
import { type CompiledGraph, compileGraph } from './compiled-graph.ts';
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
 * Computes parts as written and records them, until two recordings agree: from then on one call to TensorFlow computes the part, for lengths that two
 * recordings differ in, and for no other value of the rest. What is known of a network outlives its decodings, and ends with its weights. Backends without graphs
 * go on as written.
 */
export function createComputePart(network: Network): ComputePart {
  const native = nativeCpuBackend();
  if (native === undefined) return ({ compute }) => compute();
  const known = knownOf(network);
  return (part) => {
    const name = `${part.name} ${part.rows}`;
    const before = known.get(name);
    if (before === null) return part.compute();
    if (before?.graph !== undefined && suits(before, part.lengths)) return before.graph.run(part.inputs, before.captured);
    const { graph, outputs } = recordGraph(
      native,
      part.inputs.map((tensor) => ({ tensor, varies: true })),
      part.compute,
    );
    known.set(name, learn(native, before, { graph, lengths: part.lengths }));
    return outputs;
  };
}

interface Known {
  key: string;
  /** Of the weights, TensorFlow's ids. */
  captured: readonly number[];
  /** Those that were recorded, by their place. */
  lengths: readonly Set<number>[];
  graph?: CompiledGraph;
}

function suits({ lengths }: Known, wanted: readonly number[]): boolean {
  return wanted.every((length, place) => (lengths[place]?.size ?? 0) > 1 || lengths[place]?.has(length));
}

/** Null where the part has no graph: its recordings differ, or there are too many graphs. */
function learn(native: NativeBackend, before: Known | undefined, { graph, lengths }: { graph: RecordedGraph; lengths: readonly number[] }) {
  const bytes = savedModelBytes(graph.nodes);
  const key = createHash('sha256').update(bytes).update(graph.outputs.join()).digest('hex');
  const captured = graph.captured.map(({ id }) => id);
  if (before === undefined) return { key, captured, lengths: lengths.map((length) => new Set([length])) };
  if (before.key !== key || before.captured.join() !== captured.join()) return null;
  for (const [place, length] of lengths.entries()) before.lengths[place]?.add(length);
  const compiled = before.graph ?? GRAPHS.get(key) ?? (GRAPHS.size < MOST_GRAPHS ? compileGraph(native, graph, bytes) : undefined);
  if (compiled === undefined) return null;
  GRAPHS.set(key, compiled);
  return { ...before, graph: compiled };
}

/** Models of one shape share a graph: their weights are among its inputs. They are few, and small beside the weights. */
const GRAPHS = new Map<string, CompiledGraph>();
const MOST_GRAPHS = 64;

interface KnownOfWeights {
  /** Each is replaced whenever weights of its kind are. */
  weights: readonly Tensor[];
  parts: Map<string, Known | null>;
}

const KNOWN = new WeakMap<object, KnownOfWeights>();

function knownOf({ model, adapter }: Network): KnownOfWeights['parts'] {
  const weights = [model.weight(model.config.embeddingName), ...(adapter?.parameters().map((parameter) => parameter.value()) ?? [])];
  const owner = adapter ?? model;
  let known = KNOWN.get(owner);
  if (known?.weights.length !== weights.length || weights.some((weight, i) => weight !== known?.weights[i])) {
    known = { weights, parts: new Map() };
    KNOWN.set(owner, known);
  }
  return known.parts;
}
