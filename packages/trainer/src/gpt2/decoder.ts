import { InvalidRequestError } from '@capstan/core';
import { add, type Tensor2D, type Tensor4D, tensor1d } from '@tensorflow/tfjs-core';
import { attend } from '../causal/attend.ts';
import type { CausalInputs, Decoded, KeysAndValues } from '../causal/causal.ts';
import { causalBias, positionsOf } from '../causal/positions.ts';
import { dropout, linear, type Network, norm, weightOf } from '../network.ts';
import { columns } from '../ops/columns.ts';
import { gatherRows } from '../ops/gather-rows.ts';
import { gelu, geluTanh } from '../ops/gelu.ts';
import { splitHeads } from '../ops/heads.ts';
import type { Gpt2Config } from './config.ts';
import { EMBEDDING, POSITIONS } from './layout.ts';

type Gpt2Network = Network<Gpt2Config>;

export function decode(network: Gpt2Network, { ids, rows, span, caches }: CausalInputs): Decoded {
  const { layers } = network.model.config;
  const bias = causalBias(span, null);
  let x = embed(network, ids, positionIds(network, { ids, rows, span }));
  const next: KeysAndValues[] = [];
  for (let i = 0; i < layers; i++) {
    const layer = decoderLayer(network, `transformer.h.${i}`, x, { rows, bias, cache: caches?.[i] });
    x = layer.x;
    next.push(layer.cache);
  }
  return { hidden: norm(network, 'transformer.ln_f', x), caches: next };
}

function positionIds({ model }: Gpt2Network, { ids, span }: CausalInputs): Int32Array {
  const positions = positionsOf(span);
  const most = model.config.positions;
  if (span.past + span.length > most)
    throw new InvalidRequestError(`The text has ${span.past + span.length} tokens; the model knows ${most} positions.`);
  if (positions.length === ids.length) return positions;
  return Int32Array.from(ids, (_, i) => positions[i % positions.length] as number);
}

function embed(network: Gpt2Network, ids: Int32Array, positions: Int32Array): Tensor2D {
  const tokens = gatherRows(weightOf(network, EMBEDDING), tensor1d(ids, 'int32'));
  const places = gatherRows(weightOf(network, POSITIONS), tensor1d(positions, 'int32'));
  return dropout(network, add(tokens, places) as Tensor2D, network.model.config.embeddingDropoutRate);
}

interface LayerInputs {
  rows: number;
  bias: Tensor4D;
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
