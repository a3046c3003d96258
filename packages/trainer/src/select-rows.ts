import { gather, type Tensor4D, tensor1d } from '@tensorflow/tfjs-core';

/** Keys and values of these rows, in this order: of [rows, heads, keys, width]. */
export function selectRows<Cache extends { keys: Tensor4D; values: Tensor4D }>({ keys, values }: Cache, rows: readonly number[]) {
  const indices = tensor1d([...rows], 'int32');
  return { keys: gather(keys, indices), values: gather(values, indices) };
}
