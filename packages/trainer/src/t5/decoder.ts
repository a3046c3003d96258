import { add, concat, type Tensor1D, type Tensor2D, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { dropout, headLogits, norm } from '../network.ts';
import { addMask } from '../ops/biased-softmax.ts';
import { scaleBy } from '../ops/scale-by.ts';
import { MASKED } from '../padding-mask.ts';
import { attend, type KeysAndValues, keysAndValues } from './attention.ts';
import type { T5Network } from './config.ts';
import { type Encoded, embed } from './encoder.ts';
import { feedForward } from './feed-forward.ts';
import { positionBias } from './position-bias.ts';

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

/**
 * ids: [batch · length], the next `length` tokens of every row. With `caches` they follow the tokens decoded before, so that
 * only the new positions are computed; without, they are the first. Tokens never see later ones.
 */
export function decode(network: T5Network, ids: Tensor1D, encoded: Encoded, caches?: readonly LayerCache[]): Decoded {
  const { config } = network.model;
  const past = caches?.[0]?.self.keys.shape[2] ?? 0;
  const bias = causalBias(network, ids.size / encoded.batch, past);
  const next: LayerCache[] = [];
  let x = embed(network, ids);
  for (let i = 0; i < config.decoderLayers; i++) {
    const layer = decoderLayer(network, `decoder.block.${i}`, x, { encoded, bias, cache: caches?.[i] });
    x = layer.x;
    next.push(layer.cache);
  }
  return { hidden: dropout(network, norm(network, 'decoder.final_layer_norm', x)), caches: next };
}

/** hidden: [rows, modelDim] → [rows, vocabulary] */
export function logitsOf(network: T5Network, hidden: Tensor2D): Tensor2D {
  const { scalesHead, modelDim } = network.model.config;
  return headLogits(network, scalesHead ? scaleBy(hidden, modelDim ** -0.5) : hidden);
}

interface DecoderInputs {
  encoded: Encoded;
  bias: Tensor4D;
  cache: LayerCache | undefined;
}

function decoderLayer(network: T5Network, block: string, x: Tensor2D, { encoded, bias, cache }: DecoderInputs) {
  const { batch, hidden, mask } = encoded;
  const selfModule = `${block}.layer.0.SelfAttention`;
  const normed = norm(network, `${block}.layer.0.layer_norm`, x);
  const self = append(cache?.self, keysAndValues(network, selfModule, normed, batch));
  const afterSelf = add(x, dropout(network, attend(network, selfModule, normed, self, bias))) as Tensor2D;
  const crossModule = `${block}.layer.1.EncDecAttention`;
  const cross = cache?.cross ?? keysAndValues(network, crossModule, hidden, batch);
  const queries = norm(network, `${block}.layer.1.layer_norm`, afterSelf);
  const afterCross = add(afterSelf, dropout(network, attend(network, crossModule, queries, cross, mask))) as Tensor2D;
  const fed = feedForward(network, `${block}.layer.2.DenseReluDense`, norm(network, `${block}.layer.2.layer_norm`, afterCross));
  return { x: add(afterCross, dropout(network, fed)) as Tensor2D, cache: { self, cross } };
}

function append(past: KeysAndValues | undefined, added: KeysAndValues): KeysAndValues {
  if (past === undefined) return added;
  return { keys: concat([past.keys, added.keys], 2), values: concat([past.values, added.values], 2) };
}

/** [1, heads, length, past + length]: T5's position bias, and MASKED where a key lies ahead of its query. */
function causalBias({ model }: T5Network, length: number, past: number): Tensor4D {
  const table = model.weight('decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight');
  const range = { queryLength: length, keyLength: past + length, queryOffset: past, bidirectional: false };
  const positions = positionBias(table, model.config, range);
  if (length === 1) return positions;
  const ahead = new Float32Array(length * range.keyLength);
  for (let query = 0; query < length; query++)
    ahead.fill(MASKED, query * range.keyLength + past + query + 1, (query + 1) * range.keyLength);
  return addMask(positions, tensor4d(ahead, [1, 1, length, range.keyLength]));
}
