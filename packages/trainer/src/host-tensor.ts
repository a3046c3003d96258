import { type Tensor, tensor, transpose } from '@tensorflow/tfjs-core';
import { throwDeviceFailure } from './webgpu/device-errors.ts';

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

/** The numbers as the backend has them: to be read at once, not kept. The one way in which tensors leave a device. */
export async function contentOf(x: Tensor): Promise<Float32Array | Int32Array> {
  const values = (await x.data()) as Float32Array | Int32Array;
  throwDeviceFailure();
  return values;
}

/** The numbers, which the caller may keep. */
export async function readValues(x: Tensor): Promise<Float32Array> {
  return new Float32Array(await contentOf(x));
}

/** The same of a tensor that nobody needs any more: it is freed. */
export async function takeValues(x: Tensor): Promise<Float32Array> {
  try {
    return await readValues(x);
  } finally {
    x.dispose();
  }
}

/** The numbers of the transposed matrix. */
export function readTransposed(x: Tensor): Promise<Float32Array> {
  return takeValues(transpose(x));
}

function toTensor({ values, shape }: HostTensor): Tensor {
  return tensor(values, shape, values instanceof Int32Array ? 'int32' : 'float32');
}
