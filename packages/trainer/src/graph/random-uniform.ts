import type { Tensor } from '@tensorflow/tfjs-core';
import { typeOf } from './dynamic-shape.ts';
import { FLOAT, INT32, type NativeBackend } from './native-backend.ts';

/** seed: two int32 words → uniform in [0, 1), the same for the same seed. */
export function randomUniform(native: NativeBackend, shape: Tensor, seed: Tensor): Tensor {
  const attributes = [typeOf(native, 'dtype', FLOAT), typeOf(native, 'T', INT32), typeOf(native, 'Tseed', INT32)];
  return native.executeMultipleOutputs('StatelessRandomUniform', attributes, [shape, seed], 1)[0] as Tensor;
}
