import { createHash } from 'node:crypto';
import type { Tensor } from '@tensorflow/tfjs-core';
import { type CompiledGraph, compileGraph } from './compiled-graph.ts';
import { nativeCpuBackend } from './native-backend.ts';
import { type RecordedGraph, recordGraph } from './record-graph.ts';
import { savedModelBytes } from './saved-model.ts';

/** Computes the same thing for token after token; the inputs are all that differs between them. */
export type TokenComputation = (rows: number, inputs: readonly Tensor[], compute: () => Tensor[]) => Tensor[];

/**
 * The first two tokens of a number of rows are computed as written and recorded. Where both recordings agree, although the second has seen one token more,
 * the rest are computed by the compiled graph. Other backends go on as written.
 */
export function createTokenComputation(): TokenComputation {
  const native = nativeCpuBackend();
  let first: RecordedGraph | undefined;
  let compiled: { graph: CompiledGraph; captured: readonly number[] } | null | undefined;
  let recordedRows = 0;
  return (rows, inputs, compute) => {
    if (rows !== recordedRows) [recordedRows, first, compiled] = [rows, undefined, undefined];
    if (native === undefined || compiled === null) return compute();
    if (compiled !== undefined) return compiled.graph.run(inputs, compiled.captured);
    const { graph, outputs } = recordGraph(
      native,
      inputs.map((tensor) => ({ tensor, varies: true })),
      compute,
    );
    if (first === undefined) first = graph;
    else compiled = shared(native, first, graph);
    return outputs;
  };
}

function shared(native: Parameters<typeof compileGraph>[0], first: RecordedGraph, second: RecordedGraph) {
  const [key, other] = [keyOf(first), keyOf(second)];
  if (key !== other) return null;
  let graph = GRAPHS.get(key);
  if (graph === undefined) {
    if (GRAPHS.size === MOST_GRAPHS) return null;
    graph = compileGraph(native, second);
    GRAPHS.set(key, graph);
  }
  return { graph, captured: second.captured.map(({ id }) => id) };
}

/** Models of one shape share a graph: their weights are among its inputs. They are few, and small beside the weights. */
const GRAPHS = new Map<string, CompiledGraph>();
const MOST_GRAPHS = 64;

function keyOf({ nodes, outputs }: RecordedGraph): string {
  return createHash('sha256').update(savedModelBytes(nodes)).update(outputs.join()).digest('hex');
}
