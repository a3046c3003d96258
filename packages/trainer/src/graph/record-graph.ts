import { type Tensor, tidy } from '@tensorflow/tfjs-core';
import { FLOAT, type HostValues, INT32, type NativeBackend, type NativeBinding } from './native-backend.ts';
import type { GraphNode } from './saved-model.ts';

/** What some work on tensors does, as a graph of TensorFlow operations. */
export interface RecordedGraph {
  nodes: GraphNode[];
  /** Names of the tensors that were given, in order. */
  inputs: string[];
  /** Tensors that the work found elsewhere, such as frozen weights: TensorFlow's ids, valid for as long as those live. */
  captured: { name: string; id: number }[];
  outputs: string[];
}

/** Given to the work. Of sizes that vary from run to run only the number is known to the graph. */
export interface RecordedInput {
  tensor: Tensor;
  varies: boolean;
}

/**
 * Runs `work` once and writes down the operations that it gave to TensorFlow; the caller disposes its outputs. Values that the host makes on the way become constants of
 * the graph, so the work must not depend on what the inputs hold.
 */
export function recordGraph(
  native: NativeBackend,
  inputs: readonly RecordedInput[],
  work: () => Tensor[],
): { graph: RecordedGraph; outputs: Tensor[] } {
  const graph: RecordedGraph = { nodes: [], inputs: [], captured: [], outputs: [] };
  const places = new Map<number, string>();
  for (const { tensor, varies } of inputs) {
    const [id] = native.getInputTensorIds([tensor]) as [number];
    const name = addInput(graph, tensor, varies);
    graph.inputs.push(name);
    places.set(id, `${name}:0`);
  }
  const { binding, getInputTensorIds } = native;
  native.binding = recordingBinding(binding, graph, places);
  native.getInputTensorIds = (tensors) => {
    const ids = getInputTensorIds.call(native, tensors);
    for (const [i, id] of ids.entries()) {
      if (places.has(id)) continue;
      const name = addInput(graph, tensors[i] as Tensor, false);
      graph.captured.push({ name, id });
      places.set(id, `${name}:0`);
    }
    return ids;
  };
  try {
    const outputs = tidy(work);
    graph.outputs = native.getInputTensorIds(outputs).map((id) => places.get(id) as string);
    return { graph, outputs };
  } finally {
    native.binding = binding;
    native.getInputTensorIds = getInputTensorIds;
  }
}

function addInput(graph: RecordedGraph, { shape, dtype }: Tensor, varies: boolean): string {
  const name = `input${graph.nodes.length}`;
  graph.nodes.push({ kind: 'input', name, dtype: dtype === 'int32' ? INT32 : FLOAT, shape: varies ? shape.map(() => -1) : shape });
  return name;
}

function recordingBinding(binding: NativeBinding, graph: RecordedGraph, places: Map<number, string>): NativeBinding {
  const constants = new Map<string, string>();
  const createTensor: NativeBinding['createTensor'] = (shape, dtype, values) => {
    const id = binding.createTensor(shape, dtype, values);
    const key = `${dtype} [${shape}] ${values}`;
    let name = constants.get(key);
    if (name === undefined) {
      name = `constant${graph.nodes.length}`;
      graph.nodes.push({ kind: 'constant', name, dtype, shape: [...shape], values: values.slice() as HostValues });
      constants.set(key, name);
    }
    places.set(id, `${name}:0`);
    return id;
  };
  const executeOp: NativeBinding['executeOp'] = (operation, attributes, inputIds, outputs) => {
    const made = binding.executeOp(operation, attributes, inputIds, outputs);
    const name = `operation${graph.nodes.length}`;
    const inputs = inputIds.map((id) => places.get(id) as string);
    graph.nodes.push({ kind: 'operation', name, operation, inputs, attributes: [...attributes] });
    for (const [i, { id }] of made.entries()) places.set(id, `${name}:${i}`);
    return made;
  };
  // The binding's own members are read-only: these stand before them.
  return Object.create(binding, { createTensor: { value: createTensor }, executeOp: { value: executeOp } }) as NativeBinding;
}
