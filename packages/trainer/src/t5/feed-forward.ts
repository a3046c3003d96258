import { relu, type Tensor2D } from '@tensorflow/tfjs-core';
import { gatedGelu } from '../ops/gated-gelu.ts';
import { dropout, linear, type Network } from './network.ts';

/** x: [rows, modelDim] → the same shape. */
export function feedForward(network: Network, module: string, x: Tensor2D): Tensor2D {
  return linear(network, `${module}.wo`, dropout(network, activate(network, module, x)));
}

function activate(network: Network, module: string, x: Tensor2D): Tensor2D {
  if (network.model.config.activation === 'relu') return relu(linear(network, `${module}.wi`, x));
  return gatedGelu(linear(network, `${module}.wi_0`, x), linear(network, `${module}.wi_1`, x));
}
