import {
  add,
  engine,
  exp,
  gather,
  getKernel,
  log,
  max,
  maximum,
  mean,
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
import { NATIVE } from '../graph/native-backend.ts';
import { sparseCrossEntropy } from '../graph/sparse-cross-entropy.ts';
import { wasmHost } from '../wasm/host.ts';
import { defineOp } from './define-op.ts';

/** The smallest normal float32: a probability below it would become an infinite loss, though its gradient is fine. */
const TINY = 1.1754943508222875e-38;

const summedOp = defineOp<'logits' | 'labels'>({
  name: 'CapstanCrossEntropy',
  forward: ({ logits, labels }, { smoothing }) => {
    const native = smoothing === 0 ? sparseCrossEntropy(logits, labels) : undefined;
    if (native !== undefined) return [sum(native[0]), native[1]];
    const [rows, vocabulary] = logits.shape as [number, number];
    const probabilities = softmax(logits);
    const positions = add(mul(range(0, rows, 1, 'int32'), scalar(vocabulary, 'int32')), labels);
    const chosen = gather(reshape(probabilities, [rows * vocabulary]), positions);
    const likelihood = neg(sum(log(maximum(chosen, TINY))));
    const share = Number(smoothing);
    const loss = share === 0 ? likelihood : add(mul(likelihood, 1 - share), mul(evenLoss(logits), share));
    return [loss, probabilities];
  },
  inputsToSave: ['labels'],
  outputsToSave: [false, true],
  gradient: (upstream, saved, { smoothing }) => {
    const [labels, kept] = saved as [Tensor1D, Tensor2D];
    if (smoothing === 0 && engine().backendName === NATIVE) return { logits: () => mul(kept, upstream) };
    const inputs = { probabilities: kept, labels, upstream };
    return { logits: () => engine().runKernel(GRADIENT, inputs, { smoothing: Number(smoothing) }) as Tensor };
  },
});

/**
 * logits: [rows, vocabulary], labels: [rows] int32 → the summed negative log-likelihood of the labels, a scalar. `smoothing` is the share
 * of every label that is spread evenly over the vocabulary (Szegedy et al., 2016), as transformers' LabelSmoother has it.
 */
export function crossEntropy(logits: Tensor2D, labels: Tensor1D, smoothing = 0): Tensor {
  return summedOp({ logits, labels }, { smoothing });
}

/** The summed loss if every class were as right as any other: Σ log Σ exp(logits) − mean(logits). */
function evenLoss(logits: Tensor): Tensor {
  const highest = max(logits, -1, true); // [rows, 1]
  const partition = add(log(sum(exp(sub(logits, highest)), -1, true)), highest);
  return sum(sub(partition, mean(logits, -1, true)));
}

const GRADIENT = 'CapstanCrossEntropyGradient';

/** Must run once per backend before the first use. */
export function registerCrossEntropy(backendName: string): void {
  summedOp.register(backendName);
  if (getKernel(GRADIENT, backendName) !== undefined) unregisterKernel(GRADIENT, backendName);
  registerKernel({
    kernelName: GRADIENT,
    backendName,
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { probabilities, labels, upstream } = inputs as unknown as Pick<GradientInputs, 'probabilities' | 'labels' | 'upstream'>;
      const gradient = { probabilities, labels, upstream, smoothing: Number(attrs?.smoothing) };
      return backendName === 'wasm' ? subtractInPlace(backend, gradient) : subtractOneHot(gradient);
    },
  });
}

interface GradientInputs {
  probabilities: Tensor2D;
  labels: Tensor1D;
  /** scalar */
  upstream: Tensor;
  smoothing: number;
}

function subtractOneHot({ probabilities, labels, upstream, smoothing }: GradientInputs): Tensor {
  return tidy(() => {
    const classes = probabilities.shape[1];
    const chosen = mul(oneHot(labels, classes), 1 - smoothing);
    return mul(sub(sub(probabilities, chosen), smoothing / classes), upstream);
  });
}

/** On the wasm heap the label's entry is reached directly: no one-hot matrix and one pass less. */
function subtractInPlace(backend: object, { probabilities, labels, upstream, smoothing }: GradientInputs): TensorInfo {
  const host = wasmHost(backend);
  const vocabulary = probabilities.shape[1];
  const gradient = tidy(() => mul(smoothing === 0 ? probabilities : sub(probabilities, smoothing / vocabulary), upstream));
  const values = host.typedArrayFromHeap(gradient);
  const labelIds = host.typedArrayFromHeap(labels);
  const weight = (1 - smoothing) * (host.typedArrayFromHeap(upstream)[0] as number);
  for (let row = 0; row < labelIds.length; row++) {
    const position = row * vocabulary + (labelIds[row] as number);
    values[position] = (values[position] as number) - weight;
  }
  return gradient;
}
