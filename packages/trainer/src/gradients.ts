import { dispose, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import type { Batch } from './architecture.ts';
import { backpropagate } from './backpropagate.ts';
import type { TokenizedExample } from './batches.ts';
import { batchOf } from './forward.ts';
import { contentOf, type HostTensors, type Tensors, toTensors, vector } from './host-tensor.ts';
import type { Network } from './network.ts';
import { crossEntropy } from './ops/cross-entropy.ts';
import { type Parameter, parameterCount } from './parameters.ts';

/**
 * What one rank adds to a step, as one vector: the gradient of the summed loss by every parameter, then that loss and the number
 * of labels. Because all are sums, adding (or averaging) the vectors of all ranks and dividing by the total number of labels gives
 * exactly the gradient of the mean over the global batch, whatever the ranks' shares.
 */
export type GradientSums = Float32Array;

const LOSS = 2; // positions from the end
const LABELS = 1;

export function createGradientSums(parameters: readonly Parameter[]): GradientSums {
  return new Float32Array(parameterCount(parameters) + LOSS);
}

/** What is differentiated. */
export interface GradientTask {
  network: Network;
  labelSmoothing?: number | undefined;
}

/** Runs the micro-batch forward and back and adds its share to `sums`. */
export async function addGradients(
  sums: GradientSums,
  task: GradientTask,
  parameters: readonly Parameter[],
  examples: readonly TokenizedExample[],
): Promise<void> {
  const batch = batchOf(task.network, examples);
  const differentiated = tidy(() => lossAndGradients(task, parameters, batch, toTensors(inputsOf(batch))));
  await addSums(sums, differentiated, batch.labels.length);
}

/** All tensors that the gradients of a batch depend on, besides the parameters. */
export function inputsOf({ inputs, labels }: Batch): HostTensors {
  return { ...inputs, labels: vector(labels) };
}

/** The summed loss of the batch and its gradient by every parameter; `inputs` are the batch's own, as tensors. */
export function lossAndGradients(
  { network, labelSmoothing }: GradientTask,
  parameters: readonly Parameter[],
  { logits }: Batch,
  inputs: Tensors,
): Differentiated {
  const variables = parameters.map((parameter) => parameter.value());
  return backpropagate(() => crossEntropy(logits(network, inputs), inputs.labels as Tensor1D, labelSmoothing), variables);
}

export type Differentiated = {
  value: Tensor;
  gradients: Tensor[];
};

/** Adds a summed loss over that many labels, and its gradient by every parameter, and frees both. */
export async function addSums(sums: GradientSums, { value, gradients }: Differentiated, labels: number): Promise<void> {
  try {
    let offset = 0;
    for (let start = 0; start < gradients.length; start += READ_TOGETHER) {
      const group = gradients.slice(start, start + READ_TOGETHER).map(contentOf);
      for (const values of await Promise.all(group)) offset = addInto(sums, values, offset);
    }
    addInto(sums, await contentOf(value), sums.length - LOSS);
    addInto(sums, [labels], sums.length - LABELS);
  } finally {
    dispose([value, ...gradients]);
  }
}

/** A device is waited for once for so many gradients; all at once would hold a second copy of every weight of `method: full`. */
const READ_TOGETHER = 32;

function addInto(sums: Float32Array, values: ArrayLike<number>, offset: number): number {
  for (let i = 0; i < values.length; i++) sums[offset + i] = (sums[offset + i] as number) + (values[i] as number);
  return offset + values.length;
}

/** The mean loss and its gradient; the latter is a view of `sums`, divided in place. */
export function meanGradients(sums: GradientSums): { loss: number; gradients: Float32Array } {
  const labels = sums[sums.length - LABELS] as number;
  const gradients = sums.subarray(0, -LOSS);
  for (let i = 0; i < gradients.length; i++) gradients[i] = (gradients[i] as number) / labels;
  return { loss: (sums[sums.length - LOSS] as number) / labels, gradients };
}
