import { type Tensor, tensor, transpose } from '@tensorflow/tfjs-core';

/** A tensor's content before it is one. */
export interface HostTensor {
  /** int32 or float32, by the kind of array. */
  values: Int32Array | Float32Array;
  shape: number[];
}

export type HostTensors = Readonly<Record<string, HostTensor>>;
export type Tensors<Name extends string = string> = Readonly<Record<Name, Tensor>>;

export function vector(values: Int32Array | Float32Array): HostTensor {
  return { values, shape: [values.length] };
}

export function toTensors(contents: HostTensors): Tensors {
  return Object.fromEntries(Object.entries(contents).map(([name, content]) => [name, toTensor(content)]));
}

/** The numbers, which the caller may keep. */
export function readValues(x: Tensor): Float32Array {
  return new Float32Array(x.dataSync());
}

/** The same of the transposed matrix. Not by way of `tidy`: it looks through every number of what it is answered, for tensors. */
export function readTransposed(x: Tensor): Float32Array {
  const turned = transpose(x);
  const values = readValues(turned);
  turned.dispose();
  return values;
}

function toTensor({ values, shape }: HostTensor): Tensor {
  return tensor(values, shape, values instanceof Int32Array ? 'int32' : 'float32');
}
