import { matMul, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import type { DropoutMasks } from '../dropout.ts';
import type { Adapter } from '../lora.ts';
import type { Model } from '../model.ts';
import { loraLinear } from '../ops/lora-linear.ts';
import { rmsNorm } from '../ops/rms-norm.ts';

/** What one pass computes with: the base, perhaps an adapter over it, and what only training adds. */
export interface Network {
  model: Model;
  adapter: Adapter | undefined;
  training?: {
    masks: DropoutMasks;
    /** The base's own rate; LoRA's comes with the adapter. */
    dropoutRate: number;
    /** True for `method: full`: gradients must reach the embedding through a tied head too. */
    trainsModel: boolean;
  };
}

/** x: [rows, in] → [rows, out] through `module` (a Hugging Face name without `.weight`) and its LoRA update, if it has one. */
export function linear({ model, adapter, training }: Network, module: string, x: Tensor2D): Tensor2D {
  const weight = model.weight(`${module}.weight`) as Tensor2D;
  const update = adapter?.update(module);
  if (adapter === undefined || update === undefined) return matMul(x, weight);
  const z = training === undefined ? x : training.masks.apply(x, adapter.config.dropout);
  return loraLinear(x, z, weight, update);
}

export function norm({ model }: Network, name: string, x: Tensor2D): Tensor2D {
  return rmsNorm(x, model.weight(`${name}.weight`) as Tensor1D, model.config.epsilon);
}

/** The base's dropout: identity outside training. */
export function dropout<X extends Tensor>({ training }: Network, x: X): X {
  return training === undefined ? x : training.masks.apply(x, training.dropoutRate);
}
