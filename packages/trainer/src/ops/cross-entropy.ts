import {
  add,
  engine,
  gather,
  getKernel,
  log,
  maximum,
  mul,
  neg,
  oneHot,
  range,
  registerKernel,
  reshape,
  scalar,
  softmax,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type TensorInfo,
  tidy,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { wasmHost } from '../wasm/host.ts';
import { defineOp } from './define-op.ts';

/** The smallest normal float32: a probability below it would become an infinite loss, though its gradient is fine. */
const TINY = 1.1754943508222875e-38;

const summedOp = defineOp<'logits' | 'labels'>({
  name: 'CapstanCrossEntropy',
  forward: ({ logits, labels }) => {
    const [rows, vocabulary] = logits.shape as [number, number];
    const probabilities = softmax(logits);
    const positions = add(mul(range(0, rows, 1, 'int32'), scalar(vocabulary, 'int32')), labels);
    const chosen = gather(reshape(probabilities, [rows * vocabulary]), positions);
    return [neg(sum(log(maximum(chosen, TINY)))), probabilities];
  },
  inputsToSave: ['labels'],
  outputsToSave: [false, true],
  gradient: (upstream, saved) => {
    const [labels, probabilities] = saved as [Tensor1D, Tensor2D];
    return { logits: () => engine().runKernel(GRADIENT, { probabilities, labels, upstream }) as Tensor };
  },
});

/** logits: [rows, vocabulary], labels: [rows] int32 → the summed negative log-likelihood of the labels, a scalar. */
export function crossEntropy(logits: Tensor2D, labels: Tensor1D): Tensor {
  return summedOp({ logits, labels });
}

const GRADIENT = 'CapstanCrossEntropyGradient';

/** Must run once per backend before the first use. */
export function registerCrossEntropy(backendName: string): void {
  summedOp.register(backendName);
  if (getKernel(GRADIENT, backendName) !== undefined) unregisterKernel(GRADIENT, backendName);
  registerKernel({
    kernelName: GRADIENT,
    backendName,
    kernelFunc: ({ inputs, backend }) => {
      const { probabilities, labels, upstream } = inputs as unknown as GradientInputs;
      return backendName === 'wasm'
        ? subtractInPlace(backend, { probabilities, labels, upstream })
        : subtractOneHot({ probabilities, labels, upstream });
    },
  });
}

interface GradientInputs {
  probabilities: Tensor2D;
  labels: Tensor1D;
  /** scalar */
  upstream: Tensor;
}

function subtractOneHot({ probabilities, labels, upstream }: GradientInputs): Tensor {
  return tidy(() => mul(sub(probabilities, oneHot(labels, probabilities.shape[1])), upstream));
}

/** On the wasm heap the label's entry is reached directly: no one-hot matrix and one pass less. */
function subtractInPlace(backend: object, { probabilities, labels, upstream }: GradientInputs): TensorInfo {
  const host = wasmHost(backend);
  const gradient = tidy(() => mul(probabilities, upstream));
  const vocabulary = probabilities.shape[1];
  const values = host.typedArrayFromHeap(gradient);
  const labelIds = host.typedArrayFromHeap(labels);
  const weight = host.typedArrayFromHeap(upstream)[0] as number;
  for (let row = 0; row < labelIds.length; row++) {
    const position = row * vocabulary + (labelIds[row] as number);
    values[position] = (values[position] as number) - weight;
  }
  return gradient;
}
