import { matMul, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import type { ModelConfig } from './architecture.ts';
import type { DropoutMasks } from './dropout.ts';
import type { Adapter } from './lora.ts';
import type { Model } from './model.ts';
import { addBias } from './ops/add-bias.ts';
import { doraLinear } from './ops/dora-linear.ts';
import { layerNorm } from './ops/layer-norm.ts';
import { isDecomposed, loraLinear } from './ops/lora-linear.ts';
import { rmsNorm } from './ops/rms-norm.ts';

/** What one pass computes with: the base, perhaps an adapter over it, and what only training adds. */
export interface Network<Config extends ModelConfig = ModelConfig> {
  model: Model<Config>;
  adapter: Adapter | undefined;
  training?: {
    masks: DropoutMasks;
    /** Instead of the base's own rates; LoRA's comes with the adapter. */
    dropoutRate?: number | undefined;
    /** Keeps only the layers' inputs for the walk back, and computes the layers again there. */
    checkpoints?: boolean | undefined;
    /** True for `method: full`: gradients must reach the embedding through a tied head too. */
    trainsModel: boolean;
  };
}

/** The weight that the pass uses: the adapter's own copy where it trains one. */
export function weightOf({ model, adapter }: Network, name: string): Tensor {
  return adapter?.saved(name) ?? model.weight(name);
}

/** x: [rows, in] → [rows, out] through `module` (a Hugging Face name without `.weight`) and its LoRA update, if it has one. */
export function linear(network: Network, module: string, x: Tensor2D): Tensor2D {
  const product = project(network, module, x);
  const bias = `${module}.bias`;
  return network.model.hasWeight(bias) ? addBias(product, weightOf(network, bias) as Tensor1D) : product;
}

function project(network: Network, module: string, x: Tensor2D): Tensor2D {
  const { adapter, training } = network;
  const weight = weightOf(network, `${module}.weight`) as Tensor2D;
  const update = adapter?.update(module);
  if (adapter === undefined || update === undefined) return matMul(x, weight);
  const z = training === undefined ? x : training.masks.apply(x, adapter.config.dropout);
  return isDecomposed(update) ? doraLinear(x, z, weight, update) : loraLinear(x, z, weight, update);
}

/** Root-mean-square norm where the module has no bias, layer norm where it has one. */
export function norm(network: Network, name: string, x: Tensor2D): Tensor2D {
  const scale = weightOf(network, `${name}.weight`) as Tensor1D;
  const { epsilon } = network.model.config;
  const bias = `${name}.bias`;
  return network.model.hasWeight(bias) ? layerNorm(x, scale, weightOf(network, bias) as Tensor1D, epsilon) : rmsNorm(x, scale, epsilon);
}

/** The base's dropout: identity outside training. */
export function dropout<X extends Tensor>({ model, training }: Network, x: X, rate = model.config.dropoutRate): X {
  return training === undefined ? x : training.masks.apply(x, training.dropoutRate ?? rate);
}

/** The dropout of the attention of these queries to these keys: nothing outside training. */
export function attentionMask({ training }: Network, queries: Tensor, keys: Tensor, rate: number): Tensor | undefined {
  return training?.masks.ofAttention(queries, keys, training.dropoutRate ?? rate);
}

/** hidden: [rows, width] → [rows, classes] through the head, which may be the embedding. */
export function headLogits(network: Network, hidden: Tensor2D): Tensor2D {
  const { model, training } = network;
  const { embeddingName, headName, tiedHead } = model.config;
  if (tiedHead && training?.trainsModel) return matMul(hidden, model.weight(embeddingName) as Tensor2D, false, true);
  if (!tiedHead) return linear(network, headName.replace(/\.weight$/, ''), hidden);
  return matMul(hidden, model.headWeight() as Tensor2D);
}
