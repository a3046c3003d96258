import { add, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import { runLayer } from '../checkpointed-layer.ts';
import type { Tensors } from '../host-tensor.ts';
import { dropout, norm } from '../network.ts';
import { addMask } from '../ops/add-mask.ts';
import { gatherRows } from '../ops/gather-rows.ts';
import { lookUpPositions } from '../ops/position-table.ts';
import { attend, keysAndValues } from './attention.ts';
import type { T5Network } from './config.ts';
import { feedForward } from './feed-forward.ts';
import { EMBEDDING } from './layout.ts';

export type Encoded = {
  /** [rows · length, modelDim] */
  hidden: Tensor2D;
  /** [rows, 1, 1, length]: 0 on tokens, MASKED on padding */
  mask: Tensor;
  rows: number;
};

/** The inputs are those that `sourceInputs` makes. */
export function encode(network: T5Network, inputs: Tensors, rows: number): Encoded {
  const { sourceIds, sourceMask, sourceBuckets } = inputs as Tensors<'sourceIds' | 'sourceMask' | 'sourceBuckets'>;
  const table = network.model.weight('encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight');
  const bias = addMask(lookUpPositions(table, sourceBuckets), sourceMask); // [rows, heads, length, length], made once for all layers
  let x = embed(network, sourceIds);
  const constants = network.training?.trainsModel ? 0 : 1; // the bias is of a table that only a whole model trains
  for (let i = 0; i < network.model.config.encoderLayers; i++) {
    const name = `encoder.block.${i}`;
    const layer = { index: i, name, inputs: [x, bias], constants };
    x = runLayer(network, layer, (inner, hidden, shared) =>
      encoderLayer(inner as T5Network, name, hidden as Tensor2D, { rows, bias: shared as Tensor }),
    ) as Tensor2D;
  }
  const hidden = dropout(network, norm(network, 'encoder.final_layer_norm', x));
  return { hidden, mask: sourceMask, rows };
}

/** ids: [rows] → [rows, modelDim] */
export function embed(network: T5Network, ids: Tensor): Tensor2D {
  return dropout(network, gatherRows(network.model.weight(EMBEDDING), ids as Tensor1D));
}

function encoderLayer(network: T5Network, block: string, x: Tensor2D, { rows, bias }: { rows: number; bias: Tensor }): Tensor2D {
  const attention = `${block}.layer.0.SelfAttention`;
  const normed = norm(network, `${block}.layer.0.layer_norm`, x);
  const attended = attend(network, attention, normed, { ...keysAndValues(network, attention, normed, rows), bias });
  const middle = add(x, dropout(network, attended)) as Tensor2D;
  const fed = feedForward(network, `${block}.layer.1.DenseReluDense`, norm(network, `${block}.layer.1.layer_norm`, middle));
  return add(middle, dropout(network, fed)) as Tensor2D;
}
