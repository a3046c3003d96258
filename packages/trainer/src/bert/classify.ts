import { InvalidRequestError } from '@capstan/core';
import { add, relu, reshape, type Tensor, type Tensor1D, type Tensor2D, tanh, tensor1d } from '@tensorflow/tfjs-core';
import { attend } from '../causal/attend.ts';
import { runLayer } from '../checkpointed-layer.ts';
import { type HostTensors, type Tensors, vector } from '../host-tensor.ts';
import { dropout, headLogits, linear, type Network, norm, weightOf } from '../network.ts';
import { addBias } from '../ops/add-bias.ts';
import { chooseRows, placesOf } from '../ops/choose-rows.ts';
import { gatherRows } from '../ops/gather-rows.ts';
import { gelu, geluTanh } from '../ops/gelu.ts';
import { splitHeads } from '../ops/heads.ts';
import { paddingMask } from '../padding-mask.ts';
import type { BertConfig } from './config.ts';
import { EMBEDDING, POSITIONS, SEGMENTS } from './layout.ts';

type BertNetwork = Network<BertConfig>;

/** What the network reads: the inputs padded on the right to their longest. */
export function prepare({ padId, positions }: BertConfig, inputs: readonly Int32Array[]): HostTensors {
  const length = inputs.reduce((most, input) => Math.max(most, input.length), 0);
  if (length > positions) throw new InvalidRequestError(`The text has ${length} tokens; the model knows ${positions} positions.`);
  const ids = new Int32Array(inputs.length * length).fill(padId);
  for (const [row, input] of inputs.entries()) ids.set(input, row * length);
  const firsts = Int32Array.from(inputs, (_, row) => row * length);
  return {
    ids: vector(ids),
    positions: vector(Int32Array.from(ids, (_, i) => i % length)),
    mask: paddingMask(
      inputs.map((input) => input.length),
      length,
    ),
    firsts: vector(firsts),
    places: vector(placesOf(firsts, ids.length)),
  };
}

/** The logits of every class for every row, [rows, classes]. */
export function classLogits(network: BertNetwork, inputs: Tensors): Tensor2D {
  const { layers, classifierDropoutRate } = network.model.config;
  const { ids, positions, mask, firsts, places } = inputs as Tensors<'ids' | 'positions' | 'mask' | 'firsts' | 'places'>;
  const rows = firsts.size;
  let x = embed(network, ids, positions);
  for (let i = 0; i < layers; i++) {
    const name = `bert.encoder.layer.${i}`;
    const layer = { index: i, name, inputs: [x, mask], constants: 1 };
    x = runLayer(network, layer, (inner, hidden, shared) =>
      encoderLayer(inner as BertNetwork, name, hidden as Tensor2D, { rows, mask: shared as Tensor }),
    ) as Tensor2D;
  }
  const pooled = tanh(linear(network, 'bert.pooler.dense', chooseRows(x, { rows: firsts, places })));
  return headLogits(network, dropout(network, pooled, classifierDropoutRate));
}

function embed(network: BertNetwork, ids: Tensor, positions: Tensor): Tensor2D {
  const { width } = network.model.config;
  const words = gatherRows(weightOf(network, EMBEDDING), ids as Tensor1D);
  const places = gatherRows(weightOf(network, POSITIONS), positions as Tensor1D);
  const segment = reshape(gatherRows(weightOf(network, SEGMENTS), tensor1d([0], 'int32')), [width]) as Tensor1D;
  const sum = addBias(add(words, places) as Tensor2D, segment);
  return dropout(network, norm(network, 'bert.embeddings.LayerNorm', sum));
}

function encoderLayer(network: BertNetwork, layer: string, x: Tensor2D, { rows, mask }: { rows: number; mask: Tensor }): Tensor2D {
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
