import { concat, slice, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { FLOAT, INT32, type NativeBackend, type OpAttribute } from './native-backend.ts';

/** A tensor's shape as a tensor: a graph that asks for it suits inputs of any size. */
export function shapeOf(native: NativeBackend, x: Tensor): Tensor {
  const attributes = [typeOf(native, 'T', FLOAT), typeOf(native, 'out_type', INT32)];
  return native.executeMultipleOutputs('Shape', attributes, [x], 1)[0] as Tensor;
}

/** queries: [batch, heads, queries, width], keys: [batch, keyHeads, keys, width] → batch, heads, queries, keys */
export function attentionShape(native: NativeBackend, queries: Tensor, keys: Tensor): Tensor {
  return concat([slice(shapeOf(native, queries), 0, 3), slice(shapeOf(native, keys), 2, 1)]);
}

/** x: [batch, heads, length, width] → [batch, keyHeads, heads / keyHeads · length, width] */
export function groupHeads(native: NativeBackend, x: Tensor, keyHeads: number): Tensor {
  const [batch] = x.shape as [number];
  return reshapeTo(native, x, concat([tensor1d([batch, keyHeads, -1], 'int32'), slice(shapeOf(native, x), 3, 1)]));
}

/** x in the shape of `like`, [batch, heads, length, …], but for the width, which follows. */
export function reshapeHeads(native: NativeBackend, x: Tensor, like: Tensor): Tensor {
  return reshapeTo(native, x, concat([slice(shapeOf(native, like), 0, 3), tensor1d([-1], 'int32')]));
}

function reshapeTo(native: NativeBackend, x: Tensor, shape: Tensor): Tensor {
  const attributes = [typeOf(native, 'T', FLOAT), typeOf(native, 'Tshape', INT32)];
  return native.executeMultipleOutputs('Reshape', attributes, [x, shape], 1)[0] as Tensor;
}

export function typeOf(native: NativeBackend, name: string, value: number): OpAttribute {
  return { name, type: native.binding.TF_ATTR_TYPE, value };
}
