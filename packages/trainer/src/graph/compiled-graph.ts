import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { NativeBackend } from './native-backend.ts';
import type { RecordedGraph } from './record-graph.ts';
import { savedModelBytes, TAG } from './saved-model.ts';

/** A recorded graph that TensorFlow has loaded: one call for all of its operations. */
export interface CompiledGraph {
  /**
   * The outputs, which the caller disposes. The inputs are as they were given to the recording, of any sizes; `captured` stands for what
   * the recording captured, where that was of another model of the same shape.
   */
  run(inputs: readonly Tensor[], captured?: readonly number[]): Tensor[];
  dispose(): void;
}

/** Loads the graph by way of a file, the one door to TensorFlow's sessions that tfjs-node has. */
export function compileGraph(native: NativeBackend, graph: RecordedGraph, bytes = savedModelBytes(graph.nodes)): CompiledGraph {
  const model = load(native, bytes);
  const capturedIds = graph.captured.map(({ id }) => id);
  const inputNames = [...graph.inputs, ...graph.captured.map(({ name }) => name)].map((name) => `${name}:0`).join(',');
  const outputNames = graph.outputs.join(',');
  return {
    run: (inputs, captured = capturedIds) => {
      const ids = [...native.getInputTensorIds(inputs), ...captured];
      return native.binding.runSavedModel(model, ids, inputNames, outputNames).map((made) => native.createOutputTensor(made));
    },
    dispose: () => {
      native.binding.deleteSavedModel(model);
    },
  };
}

function load(native: NativeBackend, bytes: Uint8Array): number {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-graph-'));
  try {
    writeFileSync(join(directory, 'saved_model.pb'), bytes);
    return native.binding.loadSavedModel(directory, TAG);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
