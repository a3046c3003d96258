import { add, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import { attend } from '../causal/attend.ts';
import type { CausalInputs, Decoded, KeysAndValues } from '../causal/causal.ts';
import { causalBias, positionsOf, type Span } from '../causal/positions.ts';
import { runLayer } from '../checkpointed-layer.ts';
import { type HostTensors, type Tensors, vector } from '../host-tensor.ts';
import { linear, type Network, norm, weightOf } from '../network.ts';
import { foldWidth } from '../ops/fold-width.ts';
import { gatedSilu } from '../ops/gated-silu.ts';
import { gatherRows } from '../ops/gather-rows.ts';
import { splitHeads } from '../ops/heads.ts';
import { rotate, type Turns } from '../ops/rotate.ts';
import type { LlamaConfig } from './config.ts';
import { EMBEDDING } from './layout.ts';
import { turnsAt } from './rope.ts';

type LlamaNetwork = Network<LlamaConfig>;

export function prepare({ rope, windows }: LlamaConfig, ids: Int32Array, span: Span): HostTensors {
  const biases = [...new Set(windows)].map((window) => [biasName(window), causalBias(span, window)]);
  return { ids: vector(ids), ...turnsAt(rope, positionsOf(span), span.length), ...Object.fromEntries(biases) };
}

/** Layers with windows of equal lengths share a bias. */
function biasName(window: number | null | undefined): string {
  return `bias ${window ?? 'all'}`;
}

export function decode(network: LlamaNetwork, { inputs, rows, caches }: CausalInputs): Decoded {
  const { layers, windows } = network.model.config;
  const { ids, cosines, sines } = inputs as Tensors<'ids'> & Turns;
  let x = gatherRows(weightOf(network, EMBEDDING), ids as Tensor1D);
  const next: KeysAndValues[] = [];
  for (let i = 0; i < layers; i++) {
    const bias = inputs[biasName(windows[i])] as Tensor;
    const name = `model.layers.${i}`;
    const layer = { index: i, name, inputs: [x, bias, cosines, sines], constants: 3 };
    x = runLayer(network, layer, (inner, before, mask, cosine, sine) => {
      const turns = { cosines: cosine as Tensor, sines: sine as Tensor };
      const made = decoderLayer(inner as LlamaNetwork, name, before as Tensor2D, { rows, bias: mask as Tensor, turns, cache: caches?.[i] });
      next[i] = made.cache;
      return made.x;
    }) as Tensor2D;
  }
  return { hidden: norm(network, 'model.norm', x), caches: next };
}

interface LayerInputs {
  rows: number;
  bias: Tensor;
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
  return foldWidth(norm(network, module, foldWidth(x, headWidth)), x.shape[1]);
}

function feedForward(network: LlamaNetwork, module: string, x: Tensor2D): Tensor2D {
  const gate = linear(network, `${module}.gate_proj`, x);
  return linear(network, `${module}.down_proj`, gatedSilu(gate, linear(network, `${module}.up_proj`, x)));
}
