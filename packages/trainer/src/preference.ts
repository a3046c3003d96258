import {
  add,
  customGrad,
  logSoftmax,
  matMul,
  mul,
  neg,
  reshape,
  sigmoid,
  softplus as softplusOf,
  sum,
  type Tensor,
  type Tensor1D,
  tensor1d,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import type { Batch } from './architecture.ts';
import { backpropagate } from './backpropagate.ts';
import type { TokenizedExample } from './batches.ts';
import { batchOf } from './forward.ts';
import { addSums, type GradientSums } from './gradients.ts';
import { takeValues, toTensors } from './host-tensor.ts';
import type { Adapter } from './lora.ts';
import type { Model } from './model.ts';
import type { Network } from './network.ts';
import { nextTurn } from './next-turn.ts';
import { gatherRows } from './ops/gather-rows.ts';
import { scaleBy } from './ops/scale-by.ts';
import type { Parameter } from './parameters.ts';

/**
 * Direct preference optimisation (Rafailov et al., 2023, arXiv:2305.18290): a pair costs −log σ(β (Δ − Δ₀)), where Δ is the
 * log-likelihood of the better answer less that of the worse one, and Δ₀ the same under the reference, which is the base without the
 * adapter. As TRL's `sigmoid` loss.
 */
export interface PreferenceTask {
  network: Network;
  beta: number;
}

/** Runs the pairs forward and back and adds their share to `sums`, where a pair counts as one label. */
export async function addPreferenceGradients(
  sums: GradientSums,
  task: PreferenceTask,
  parameters: readonly Parameter[],
  pairs: readonly TokenizedExample[],
): Promise<void> {
  const batch = pairBatch(task.network, pairs);
  const differentiated = tidy(() => {
    const negated = neg(differences({ model: task.network.model, adapter: undefined }, batch));
    const variables = parameters.map((parameter) => parameter.value());
    const margins = () => scaleBy(add(differences(task.network, batch), negated) as Tensor1D, task.beta);
    return backpropagate(() => pairLoss(margins()), variables);
  });
  await addSums(sums, differentiated, pairs.length);
}

/** Pairs evaluated at once. */
const PAIRS_TOGETHER = 8;

/** The mean loss of the pairs, and the share of them whose better answer gained more than its worse one. Gives NaN for no pairs. */
export async function evaluatePreference(
  model: Model,
  adapter: Adapter | undefined,
  pairs: readonly TokenizedExample[],
  { beta }: { beta: number },
): Promise<{ loss: number; tokenAccuracy: number; tokens: number }> {
  let loss = 0;
  let right = 0;
  for (let start = 0; start < pairs.length; start += PAIRS_TOGETHER) {
    const batch = pairBatch({ model }, pairs.slice(start, start + PAIRS_TOGETHER));
    const reference = await differencesOf({ model, adapter: undefined }, batch);
    const trained = adapter === undefined ? reference : await differencesOf({ model, adapter }, batch);
    for (const [pair, value] of trained.entries()) {
      const margin = beta * (value - (reference[pair] as number));
      loss += softplus(-margin);
      if (margin > 0) right += 1;
    }
    await nextTurn();
  }
  return { loss: loss / pairs.length, tokenAccuracy: right / pairs.length, tokens: pairs.length };
}

interface PairBatch {
  batch: Batch;
  /** [pairs, labels]: 1 at the labels of a pair's better answer, −1 at those of its worse one. */
  signs: Float32Array;
  pairs: number;
}

/** All better answers, then all worse ones, as rows of one batch. */
function pairBatch(network: Pick<Network, 'model'>, examples: readonly TokenizedExample[]): PairBatch {
  const pairs = examples.length;
  const worse = examples.map(({ inputIds, rejectedLabels = new Int32Array() }) => ({ inputIds, labels: rejectedLabels }));
  const rows = [...examples.map(({ inputIds, labels }) => ({ inputIds, labels })), ...worse];
  const batch = batchOf(network, rows);
  const signs = new Float32Array(pairs * batch.labels.length);
  let first = 0;
  for (const [row, example] of rows.entries()) {
    const count = batchOf(network, [example]).labels.length;
    const offset = (row % pairs) * batch.labels.length + first;
    signs.fill(row < pairs ? 1 : -1, offset, offset + count);
    first += count;
  }
  return { batch, signs, pairs };
}

/** Of every pair the log-likelihood of its better answer less that of its worse one: [pairs]. */
function differences(network: Network, { batch, signs, pairs }: PairBatch): Tensor1D {
  const logits = batch.logits(network, toTensors(batch.inputs));
  const [labels, vocabulary] = logits.shape;
  const positions = tensor1d(
    Int32Array.from(batch.labels, (label, i) => i * vocabulary + label),
    'int32',
  );
  const chosen = gatherRows(reshape(logSoftmax(logits), [labels * vocabulary, 1]), positions);
  const sums = matMul(tensor2d(signs, [pairs, labels]), chosen);
  return reshape(sums, [pairs]) as Tensor1D;
}

function differencesOf(network: Network, batch: PairBatch): Promise<Float32Array> {
  return takeValues(tidy(() => differences(network, batch)));
}

/** margins: [pairs] → the summed −log σ(margin), a scalar, whose slope is −σ(−margin). */
function pairLoss(margins: Tensor1D): Tensor {
  const loss = customGrad((x, save) => {
    const negated = neg(x as Tensor);
    (save as (tensors: Tensor[]) => void)([neg(sigmoid(negated))]);
    return {
      value: sum(softplusOf(negated)),
      gradFunc: (upstream: Tensor, saved: Tensor[]) => mul(upstream, saved[0] as Tensor),
    };
  });
  return loss(margins);
}

/** log(1 + eˣ), which neither overflows nor loses small values. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
