import { add, concat, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { runLayer } from '../checkpointed-layer.ts';
import { dropout, headLogits, norm } from '../network.ts';
import { addMask } from '../ops/add-mask.ts';
import { lookUpPositions } from '../ops/position-table.ts';
import { scaleBy } from '../ops/scale-by.ts';
import { attend, type KeysAndValues, keysAndValues } from './attention.ts';
import type { T5Network } from './config.ts';
import { type Encoded, embed } from './encoder.ts';
import { feedForward } from './feed-forward.ts';

/** What one decoder layer has already computed for the tokens so far. */
export type LayerCache = {
  self: KeysAndValues;
  cross: KeysAndValues;
};

export type Decoded = {
  /** [batch · length, modelDim], after the final norm */
  hidden: Tensor2D;
  caches: LayerCache[];
};

export interface DecoderInputs {
  /** [rows · length], the next tokens of every row. */
  ids: Tensor;
  /** What `decoderBias` makes, for these queries and all keys so far. */
  bias: Tensor;
  encoded: Encoded;
  /** Of the tokens decoded before, so that only the new ones are computed. */
  caches?: readonly LayerCache[] | undefined;
}

export function decode(network: T5Network, { ids, bias, encoded, caches }: DecoderInputs): Decoded {
  const { config } = network.model;
  const next: LayerCache[] = [];
  let x = embed(network, ids);
  for (let i = 0; i < config.decoderLayers; i++) {
    const name = `decoder.block.${i}`;
    const inputs = [x, encoded.hidden, bias, encoded.mask];
    const layer = { index: config.encoderLayers + i, name, inputs, constants: network.training?.trainsModel ? 1 : 2 };
    x = runLayer(network, layer, (inner, before, hidden, shared, mask) => {
      const source = { hidden: hidden as Tensor2D, mask: mask as Tensor, rows: encoded.rows };
      const made = decoderLayer(inner as T5Network, name, before as Tensor2D, {
        encoded: source,
        bias: shared as Tensor,
        cache: caches?.[i],
      });
      next[i] = made.cache;
      return made.x;
    }) as Tensor2D;
  }
  return { hidden: dropout(network, norm(network, 'decoder.final_layer_norm', x)), caches: next };
}

/** hidden: [rows, modelDim] → [rows, vocabulary] */
export function logitsOf(network: T5Network, hidden: Tensor2D): Tensor2D {
  const { scalesHead, modelDim } = network.model.config;
  return headLogits(network, scalesHead ? scaleBy(hidden, modelDim ** -0.5) : hidden);
}

interface LayerInputs {
  encoded: Encoded;
  bias: Tensor;
  cache: LayerCache | undefined;
}

function decoderLayer(network: T5Network, block: string, x: Tensor2D, { encoded, bias, cache }: LayerInputs) {
  const { rows, hidden, mask } = encoded;
  const selfModule = `${block}.layer.0.SelfAttention`;
  const normed = norm(network, `${block}.layer.0.layer_norm`, x);
  const self = append(cache?.self, keysAndValues(network, selfModule, normed, rows));
  const afterSelf = add(x, dropout(network, attend(network, selfModule, normed, { ...self, bias }))) as Tensor2D;
  const crossModule = `${block}.layer.1.EncDecAttention`;
  const cross = cache?.cross ?? keysAndValues(network, crossModule, hidden, rows);
  const queries = norm(network, `${block}.layer.1.layer_norm`, afterSelf);
  const afterCross = add(afterSelf, dropout(network, attend(network, crossModule, queries, { ...cross, bias: mask }))) as Tensor2D;
  const fed = feedForward(network, `${block}.layer.2.DenseReluDense`, norm(network, `${block}.layer.2.layer_norm`, afterCross));
  return { x: add(afterCross, dropout(network, fed)) as Tensor2D, cache: { self, cross } };
}

function append(past: KeysAndValues | undefined, added: KeysAndValues): KeysAndValues {
  if (past === undefined) return added;
  return { keys: concat([past.keys, added.keys], 2), values: concat([past.values, added.values], 2) };
}

/** buckets: [queries, keys] → [heads, queries, keys]: T5's position bias, and MASKED where a key lies ahead of its query. */
export function decoderBias({ model }: T5Network, buckets: Tensor, ahead?: Tensor): Tensor {
  const table = model.weight('decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight');
  const positions = lookUpPositions(table, buckets);
  return ahead === undefined ? positions : addMask(positions, ahead);
}
