import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { contentOf } from './host-tensor.ts';
import type { Model } from './model.ts';

/** One tensor that training changes. */
export interface Parameter {
  readonly name: string;
  readonly shape: number[];
  /** Norms and biases are exempt from weight decay, as in transformers' Trainer. */
  readonly decays: boolean;
  value(): Tensor;
  /** Takes over `next` and frees the value before it. */
  replace(next: Tensor): void;
}

/** Every weight of the model: what `method: full` trains. */
export function modelParameters(model: Model): Parameter[] {
  return model.layout.map(({ name, kind }) => ({
    name,
    shape: model.weight(name).shape,
    decays: kind !== 'norm' && kind !== 'bias',
    value: () => model.weight(name),
    replace: (next) => model.replaceWeight(name, next),
  }));
}

export function parameterCount(parameters: readonly Parameter[]): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Joins the parameters' values into one vector, in order. */
export async function readParameters(parameters: readonly Parameter[]): Promise<Float32Array> {
  const vector = new Float32Array(parameterCount(parameters));
  let offset = 0;
  for (const parameter of parameters) {
    vector.set(await contentOf(parameter.value()), offset);
    offset += sizeOf(parameter.shape);
  }
  return vector;
}

/** Splits a vector made by `readParameters` into tensors again. The vector is copied, so it may change afterwards. */
export function writeParameters(parameters: readonly Parameter[], vector: Float32Array): void {
  let offset = 0;
  for (const parameter of parameters) {
    const size = sizeOf(parameter.shape);
    parameter.replace(tensor(vector.slice(offset, offset + size), parameter.shape));
    offset += size;
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, n) => size * n, 1);
}
