import { add, reshape, type Tensor2D, type Tensor4D, tensor1d } from '@tensorflow/tfjs-core';
import { attend } from '../causal/attend.ts';
import type { CausalInputs, Decoded, KeysAndValues } from '../causal/causal.ts';
import { causalBias, positionsOf } from '../causal/positions.ts';
import { linear, type Network, norm, weightOf } from '../network.ts';
import { gatedSilu } from '../ops/gated-silu.ts';
import { gatherRows } from '../ops/gather-rows.ts';
import { splitHeads } from '../ops/heads.ts';
import { rotate } from '../ops/rotate.ts';
import type { LlamaConfig } from './config.ts';
import { EMBEDDING } from './layout.ts';
import { type Turns, turnsAt } from './rope.ts';

type LlamaNetwork = Network<LlamaConfig>;

export function decode(network: LlamaNetwork, { ids, rows, span, caches }: CausalInputs): Decoded {
  const { layers, rope, windows } = network.model.config;
  const turns = turnsAt(rope, positionsOf(span), span.length);
  const biases = new Map([...new Set(windows)].map((window) => [window, causalBias(span, window)]));
  let x = gatherRows(weightOf(network, EMBEDDING), tensor1d(ids, 'int32'));
  const next: KeysAndValues[] = [];
  for (let i = 0; i < layers; i++) {
    const bias = biases.get(windows[i] ?? null) as Tensor4D;
    const layer = decoderLayer(network, `model.layers.${i}`, x, { rows, bias, turns, cache: caches?.[i] });
    x = layer.x;
    next.push(layer.cache);
  }
  return { hidden: norm(network, 'model.norm', x), caches: next };
}

interface LayerInputs {
  rows: number;
  bias: Tensor4D;
  turns: Turns;
  cache: KeysAndValues | undefined;
}

function decoderLayer(network: LlamaNetwork, layer: string, x: Tensor2D, { rows, bias, turns, cache }: LayerInputs) {
  const { heads, keyHeads, attentionDropoutRate } = network.model.config;
  const normed = norm(network, `${layer}.input_layernorm`, x);
  const project = (part: string) => linear(network, `${layer}.self_attn.${part}_proj`, normed);
  const turned = (part: 'q' | 'k', count: number) => {
    const perHead = normHeads(network, `${layer}.self_attn.${part}_norm`, project(part));
    return rotate(splitHeads(perHead, rows, count), turns);
  };
  const added = { keys: turned('k', keyHeads), values: splitHeads(project('v'), rows, keyHeads) };
  const attended = attend(network, { queries: turned('q', heads), added, cache, bias, dropoutRate: attentionDropoutRate });
  const middle = add(x, linear(network, `${layer}.self_attn.o_proj`, attended.context)) as Tensor2D;
  const fed = feedForward(network, `${layer}.mlp`, norm(network, `${layer}.post_attention_layernorm`, middle));
  return { x: add(middle, fed) as Tensor2D, cache: attended.cache };
}

/** x: [rows, heads · headWidth]; every head by itself, where the model asks for it. */
function normHeads(network: LlamaNetwork, module: string, x: Tensor2D): Tensor2D {
  const { normsHeads, headWidth } = network.model.config;
  if (!normsHeads) return x;
  const perHead = reshape(x, [-1, headWidth]) as Tensor2D;
  return reshape(norm(network, module, perHead), x.shape) as Tensor2D;
}

function feedForward(network: LlamaNetwork, module: string, x: Tensor2D): Tensor2D {
  const gate = linear(network, `${module}.gate_proj`, x);
  return linear(network, `${module}.down_proj`, gatedSilu(gate, linear(network, `${module}.up_proj`, x)));
}
