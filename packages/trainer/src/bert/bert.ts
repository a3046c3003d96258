import { tidy } from '@tensorflow/tfjs-core';
import type { Architecture } from '../architecture.ts';
import { toTensors } from '../host-tensor.ts';
import type { Network } from '../network.ts';
import { classLogits, prepare } from './classify.ts';
import { type BertConfig, parseBertConfig } from './config.ts';
import { weightLayout } from './layout.ts';

/** BERT (Devlin et al., 2019) with a classification head: a row's one label is its class. */
export const bert: Architecture<BertConfig> = {
  taskType: 'SEQ_CLS',
  parseConfig: parseBertConfig,
  layout: weightLayout,
  /** Files of bare encoders lack the prefix; the oldest ones name their norms otherwise. */
  aliases: (name) => {
    const old = name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta');
    return [name.replace(/^bert\./, ''), old];
  },
  makeBatch: (examples, config) => {
    const sources = examples.map(({ inputIds }) => inputIds);
    const labels = Int32Array.from(examples, (example) => example.labels[0] as number);
    return { labels, inputs: prepare(config, sources), logits: (network, inputs) => classLogits(network as Network<BertConfig>, inputs) };
  },
  /** There is one answer to each input, the class, and nothing after it. */
  startDecoding: (network, inputs) => ({
    beginnings: inputs,
    advance: () => tidy(() => classLogits(network, toTensors(prepare(network.model.config, inputs)))),
    select: () => undefined,
    dispose: () => undefined,
  }),
};
