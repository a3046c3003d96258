import { isDeepStrictEqual } from 'node:util';
import { dispose, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { TokenizedExample } from '../batches.ts';
import { nativeMasks } from '../dropout.ts';
import { batchOf } from '../forward.ts';
import { addSums, type GradientSums, type GradientTask, inputsOf, lossAndGradients } from '../gradients.ts';
import { type HostTensors, toTensors, vector } from '../host-tensor.ts';
import type { Parameter } from '../parameters.ts';
import { type CompiledGraph, compileGraph } from './compiled-graph.ts';
import { handOverWeights } from './hand-over-weights.ts';
import { type NativeBackend, nativeCpuBackend } from './native-backend.ts';
import { type RecordedGraph, recordGraph } from './record-graph.ts';

/** Loss and gradients of micro-batches with a fixed number of rows, of any lengths, in one call to TensorFlow each. */
export interface StepGraph {
  readonly rows: number;
  /** Adds the micro-batch's share to `sums`; `seed` are the two words from which dropout is drawn. */
  addGradients(sums: GradientSums, seed: Int32Array, examples: readonly TokenizedExample[]): Promise<void>;
  dispose(): void;
}

/**
 * Records the step's operations on two small batches and compiles them. Nothing where the backend has no graphs, or where the two
 * recordings differ: then something in them depends on the lengths, and the graph would be wrong for others.
 */
export function compileStep(task: GradientTask, parameters: readonly Parameter[], rows: number): StepGraph | undefined {
  const native = nativeCpuBackend();
  if (native === undefined) return undefined;
  const recording = { native, task, parameters };
  handOverWeights(native, task.network);
  const [first, second] = PROBES.map((lengths) => record(recording, probe(rows, lengths)));
  if (first === undefined || !isDeepStrictEqual(first, second)) return undefined;
  const graph = compileGraph(native, first);
  return {
    rows,
    addGradients: (sums, seed, examples) => runStep({ graph, task, parameters }, sums, seed, examples),
    dispose: graph.dispose,
  };
}

/** Any two that differ in every length, and in none is 1: operations may treat that as a case of its own. */
const PROBES = [
  { source: 5, target: 3 },
  { source: 7, target: 4 },
];

function probe(rows: number, { source, target }: (typeof PROBES)[number]): TokenizedExample[] {
  const ones = (length: number) => new Int32Array(length).fill(1);
  return Array.from({ length: rows }, () => ({ inputIds: ones(source), labels: ones(target) }));
}

interface Recording {
  native: NativeBackend;
  task: GradientTask;
  parameters: readonly Parameter[];
}

function record({ native, task, parameters }: Recording, examples: readonly TokenizedExample[]): RecordedGraph {
  const batch = batchOf(task.network, examples);
  const inputs = toTensors(ordered({ ...inputsOf(batch), [SEED]: vector(new Int32Array(2)) }));
  const work = () => {
    const { value, gradients } = lossAndGradients(withMasks(task, native, inputs[SEED] as Tensor), parameters, batch, inputs);
    return [value, ...gradients];
  };
  try {
    const fixed = valuesOf(parameters).map((tensor) => ({ tensor, varies: false }));
    const varying = Object.values(inputs).map((tensor) => ({ tensor, varies: true }));
    const { graph, outputs } = recordGraph(native, [...fixed, ...varying], work);
    dispose(outputs);
    return graph;
  } finally {
    dispose({ ...inputs });
  }
}

const SEED = 'dropoutSeed';

function withMasks(task: GradientTask, native: NativeBackend, seed: Tensor): GradientTask {
  const { training } = task.network;
  if (training === undefined) return task;
  return { ...task, network: { ...task.network, training: { ...training, masks: nativeMasks(native, () => seed) } } };
}

interface Step {
  graph: CompiledGraph;
  task: GradientTask;
  parameters: readonly Parameter[];
}

async function runStep(
  { graph, task, parameters }: Step,
  sums: GradientSums,
  seed: Int32Array,
  examples: readonly TokenizedExample[],
): Promise<void> {
  const batch = batchOf(task.network, examples);
  const [value, ...gradients] = tidy(() => {
    const inputs = toTensors(ordered({ ...inputsOf(batch), [SEED]: vector(seed) }));
    return graph.run([...valuesOf(parameters), ...Object.values(inputs)]);
  });
  await addSums(sums, { value: value as Tensor, gradients }, batch.labels.length);
}

/** Recording and running must agree on the inputs' order. */
function ordered(contents: HostTensors): HostTensors {
  return Object.fromEntries(Object.entries(contents).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function valuesOf(parameters: readonly Parameter[]): Tensor[] {
  return parameters.map((parameter) => parameter.value());
}
