import { backend, engine, type Tensor } from '@tensorflow/tfjs-core';
import { FLOAT, INT32, NATIVE, type NativeBackend } from './native-backend.ts';

/**
 * logits: [rows, classes], labels: [rows] int32 → the losses, [rows], and their gradient, [rows, classes], as the one operation that
 * TensorFlow has for both. Nothing on other backends.
 */
export function sparseCrossEntropy(logits: Tensor, labels: Tensor): [losses: Tensor, gradient: Tensor] | undefined {
  if (engine().backendName !== NATIVE) return undefined;
  const native = backend() as unknown as NativeBackend;
  const type = native.binding.TF_ATTR_TYPE;
  const attributes = [
    { name: 'T', type, value: FLOAT },
    { name: 'Tlabels', type, value: INT32 },
  ];
  return native.executeMultipleOutputs('SparseSoftmaxCrossEntropyWithLogits', attributes, [logits, labels], 2) as [Tensor, Tensor];
}
