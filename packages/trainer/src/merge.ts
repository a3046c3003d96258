import { add, clone, matMul, mul, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { Adapter } from './lora.ts';
import { createModel, type Model } from './model.ts';
import { columnScales } from './ops/dora-linear.ts';
import { isDecomposed, type LoraFactors } from './ops/lora-linear.ts';

/**
 * A model whose weights hold the adapter's update: W + scale · BA. It computes what base and adapter compute together, in fewer
 * operations; weights without an update share their memory with the base. Dispose it by itself.
 */
export function mergeAdapter(model: Model, adapter: Adapter): Model {
  const config = { ...model.config, ...(adapter.labels && { labels: adapter.labels }) };
  return createModel(model.architecture, config, ({ name }) => {
    const saved = adapter.saved(name);
    if (saved !== undefined) return clone(saved);
    const update = adapter.update(name.replace(/\.weight$/, ''));
    return update === undefined ? clone(model.weight(name)) : tidy(() => merged(model.weight(name), update));
  });
}

/** weight: [in, out] */
function merged(weight: Tensor, update: LoraFactors): Tensor {
  const { a, b, scale } = update;
  const sum = add(weight, mul(matMul(a, b, true, false), scale));
  return isDecomposed(update) ? mul(sum, columnScales(weight, update)) : sum;
}

/** Runs `work` on the merged model, or on the base where there is no adapter, and frees what the merge made. */
export async function withMerged<Result>(
  model: Model,
  adapter: Adapter | undefined,
  work: (merged: Model) => Promise<Result>,
): Promise<Result> {
  if (adapter === undefined) return work(model);
  const mergedModel = mergeAdapter(model, adapter);
  try {
    return await work(mergedModel);
  } finally {
    mergedModel.dispose();
  }
}
