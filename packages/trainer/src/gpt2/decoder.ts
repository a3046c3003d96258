import { InvalidRequestError } from '@capstan/core';
import { add, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import { attend } from '../causal/attend.ts';
import type { CausalInputs, Decoded, KeysAndValues } from '../causal/causal.ts';
import { causalBias, positionsOf, type Span } from '../causal/positions.ts';
import { runLayer } from '../checkpointed-layer.ts';
import { type HostTensors, type Tensors, vector } from '../host-tensor.ts';
import { dropout, linear, type Network, norm, weightOf } from '../network.ts';
import { columns } from '../ops/columns.ts';
import { gatherRows } from '../ops/gather-rows.ts';
import { gelu, geluTanh } from '../ops/gelu.ts';
import { splitHeads } from '../ops/heads.ts';
import type { Gpt2Config } from './config.ts';
import { EMBEDDING, POSITIONS } from './layout.ts';

type Gpt2Network = Network<Gpt2Config>;

export function prepare(config: Gpt2Config, ids: Int32Array, span: Span): HostTensors {
  return { ids: vector(ids), positions: vector(positionIds(config, ids, span)), bias: causalBias(span, null) };
}

export function decode(network: Gpt2Network, { inputs, rows, caches }: CausalInputs): Decoded {
  const { layers } = network.model.config;
  const { ids, positions, bias } = inputs as Tensors<'ids' | 'positions' | 'bias'>;
  let x = embed(network, ids, positions);
  const next: KeysAndValues[] = [];
  for (let i = 0; i < layers; i++) {
    const name = `transformer.h.${i}`;
    x = runLayer(network, { index: i, name, inputs: [x, bias], constants: 1 }, (inner, before, mask) => {
      const made = decoderLayer(inner as Gpt2Network, name, before as Tensor2D, { rows, bias: mask as Tensor, cache: caches?.[i] });
      next[i] = made.cache;
      return made.x;
    }) as Tensor2D;
  }
  return { hidden: norm(network, 'transformer.ln_f', x), caches: next };
}

function positionIds({ positions: most }: Gpt2Config, ids: Int32Array, span: Span): Int32Array {
  const positions = positionsOf(span);
  if (span.past + span.length > most)
    throw new InvalidRequestError(`The text has ${span.past + span.length} tokens; the model knows ${most} positions.`);
  if (positions.length === ids.length) return positions;
  return Int32Array.from(ids, (_, i) => positions[i % positions.length] as number);
}

function embed(network: Gpt2Network, ids: Tensor, positions: Tensor): Tensor2D {
  const tokens = gatherRows(weightOf(network, EMBEDDING), ids as Tensor1D);
  const places = gatherRows(weightOf(network, POSITIONS), positions as Tensor1D);
  return dropout(network, add(tokens, places) as Tensor2D, network.model.config.embeddingDropoutRate);
}

interface LayerInputs {
  rows: number;
  bias: Tensor;
  cache: KeysAndValues | undefined;
}

function decoderLayer(network: Gpt2Network, block: string, x: Tensor2D, { rows, bias, cache }: LayerInputs) {
  const { width, heads, attentionDropoutRate, activation } = network.model.config;
  const packed = linear(network, `${block}.attn.c_attn`, norm(network, `${block}.ln_1`, x));
  const part = (index: number) => splitHeads(columns(packed, index * width, width), rows, heads);
  const attended = attend(network, {
    queries: part(0),
    added: { keys: part(1), values: part(2) },
    cache,
    bias,
    dropoutRate: attentionDropoutRate,
  });
  const middle = add(x, dropout(network, linear(network, `${block}.attn.c_proj`, attended.context))) as Tensor2D;
  const widened = linear(network, `${block}.mlp.c_fc`, norm(network, `${block}.ln_2`, middle));
  const active = activation === 'gelu' ? gelu(widened) : geluTanh(widened);
  return { x: add(middle, dropout(network, linear(network, `${block}.mlp.c_proj`, active))) as Tensor2D, cache: attended.cache };
}
