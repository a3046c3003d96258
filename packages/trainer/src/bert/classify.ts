import { InvalidRequestError } from '@capstan/core';
import { add, relu, reshape, type Tensor1D, type Tensor2D, type Tensor4D, tanh, tensor1d } from '@tensorflow/tfjs-core';
import { attend } from '../causal/attend.ts';
import { dropout, headLogits, linear, type Network, norm, weightOf } from '../network.ts';
import { addBias } from '../ops/add-bias.ts';
import { gatherRows } from '../ops/gather-rows.ts';
import { gelu, geluTanh } from '../ops/gelu.ts';
import { splitHeads } from '../ops/heads.ts';
import { paddingMask } from '../padding-mask.ts';
import type { BertConfig } from './config.ts';
import { EMBEDDING, POSITIONS, SEGMENTS } from './layout.ts';

type BertNetwork = Network<BertConfig>;

export interface PaddedInputs {
  /** [rows · length], padded on the right. */
  ids: Int32Array;
  lengths: readonly number[];
}

/** The logits of every class for every row, [rows, classes]. */
export function classLogits(network: BertNetwork, { ids, lengths }: PaddedInputs): Tensor2D {
  const { layers, classifierDropoutRate } = network.model.config;
  const length = ids.length / lengths.length;
  const mask = paddingMask(lengths, length);
  let x = embed(network, ids, length);
  for (let i = 0; i < layers; i++) x = encoderLayer(network, `bert.encoder.layer.${i}`, x, { rows: lengths.length, mask });
  const firsts = gatherRows(
    x,
    tensor1d(
      lengths.map((_, row) => row * length),
      'int32',
    ),
  );
  const pooled = tanh(linear(network, 'bert.pooler.dense', firsts));
  return headLogits(network, dropout(network, pooled, classifierDropoutRate));
}

function embed(network: BertNetwork, ids: Int32Array, length: number): Tensor2D {
  const { positions, width } = network.model.config;
  if (length > positions) throw new InvalidRequestError(`The text has ${length} tokens; the model knows ${positions} positions.`);
  const words = gatherRows(weightOf(network, EMBEDDING), tensor1d(ids, 'int32'));
  const places = gatherRows(
    weightOf(network, POSITIONS),
    tensor1d(
      Int32Array.from(ids, (_, i) => i % length),
      'int32',
    ),
  );
  const segment = reshape(gatherRows(weightOf(network, SEGMENTS), tensor1d([0], 'int32')), [width]) as Tensor1D;
  const sum = addBias(add(words, places) as Tensor2D, segment);
  return dropout(network, norm(network, 'bert.embeddings.LayerNorm', sum));
}

function encoderLayer(network: BertNetwork, layer: string, x: Tensor2D, { rows, mask }: { rows: number; mask: Tensor4D }): Tensor2D {
  const { heads, attentionDropoutRate } = network.model.config;
  const part = (name: string) => splitHeads(linear(network, `${layer}.attention.self.${name}`, x), rows, heads);
  const added = { keys: part('key'), values: part('value') };
  const { context } = attend(network, { queries: part('query'), added, cache: undefined, bias: mask, dropoutRate: attentionDropoutRate });
  const attended = dropout(network, linear(network, `${layer}.attention.output.dense`, context));
  const middle = norm(network, `${layer}.attention.output.LayerNorm`, add(attended, x) as Tensor2D);
  const widened = activate(network, linear(network, `${layer}.intermediate.dense`, middle));
  const fed = dropout(network, linear(network, `${layer}.output.dense`, widened));
  return norm(network, `${layer}.output.LayerNorm`, add(fed, middle) as Tensor2D);
}

function activate({ model }: BertNetwork, x: Tensor2D): Tensor2D {
  switch (model.config.activation) {
    case 'gelu':
      return gelu(x);
    case 'gelu_new':
      return geluTanh(x);
    case 'relu':
      return relu(x);
  }
}
