import { add, type Tensor1D, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import { dropout, norm } from '../network.ts';
import { addMask } from '../ops/biased-softmax.ts';
import { gatherRows } from '../ops/gather-rows.ts';
import { paddingMask } from '../padding-mask.ts';
import { attend, keysAndValues } from './attention.ts';
import type { T5Network } from './config.ts';
import { feedForward } from './feed-forward.ts';
import { EMBEDDING } from './layout.ts';
import { positionBias } from './position-bias.ts';

export type Encoded = {
  /** [batch · length, modelDim] */
  hidden: Tensor2D;
  /** [batch, 1, 1, length]: 0 on tokens, MASKED on padding */
  mask: Tensor4D;
  batch: number;
};

/** ids: [batch · length] padded on the right; `lengths` holds each row's real number of tokens. */
export function encode(network: T5Network, ids: Tensor1D, lengths: readonly number[]): Encoded {
  const { config } = network.model;
  const batch = lengths.length;
  const length = ids.size / batch;
  const mask = paddingMask(lengths, length);
  const table = network.model.weight('encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight');
  const positions = positionBias(table, config, { queryLength: length, keyLength: length, queryOffset: 0, bidirectional: true });
  const bias = addMask(positions, mask); // [batch, heads, length, length], made once for all layers
  let x = embed(network, ids);
  for (let i = 0; i < config.encoderLayers; i++) x = encoderLayer(network, `encoder.block.${i}`, x, batch, bias);
  const hidden = dropout(network, norm(network, 'encoder.final_layer_norm', x));
  return { hidden, mask, batch };
}

/** ids: [rows] → [rows, modelDim] */
export function embed(network: T5Network, ids: Tensor1D): Tensor2D {
  return dropout(network, gatherRows(network.model.weight(EMBEDDING), ids));
}

function encoderLayer(network: T5Network, block: string, x: Tensor2D, batch: number, bias: Tensor4D): Tensor2D {
  const attention = `${block}.layer.0.SelfAttention`;
  const normed = norm(network, `${block}.layer.0.layer_norm`, x);
  const attended = attend(network, attention, normed, keysAndValues(network, attention, normed, batch), bias);
  const middle = add(x, dropout(network, attended)) as Tensor2D;
  const fed = feedForward(network, `${block}.layer.1.DenseReluDense`, norm(network, `${block}.layer.1.layer_norm`, middle));
  return add(middle, dropout(network, fed)) as Tensor2D;
}
