import { relu, type Tensor2D } from '@tensorflow/tfjs-core';
import { dropout, linear } from '../network.ts';
import { gatedGelu } from '../ops/gated-gelu.ts';
import type { T5Network } from './config.ts';

/** x: [rows, modelDim] → the same shape. */
export function feedForward(network: T5Network, module: string, x: Tensor2D): Tensor2D {
  return linear(network, `${module}.wo`, dropout(network, activate(network, module, x)));
}

function activate(network: T5Network, module: string, x: Tensor2D): Tensor2D {
  if (network.model.config.activation === 'relu') return relu(linear(network, `${module}.wi`, x));
  return gatedGelu(linear(network, `${module}.wi_0`, x), linear(network, `${module}.wi_1`, x));
}
