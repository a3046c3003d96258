import { tidy } from '@tensorflow/tfjs-core';
import type { Architecture } from '../architecture.ts';
import { longest } from '../batches.ts';
import type { Network } from '../network.ts';
import { classLogits } from './classify.ts';
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
    const inputs = padInputs(
      examples.map(({ inputIds }) => inputIds),
      config,
    );
    const labels = Int32Array.from(examples, (example) => example.labels[0] as number);
    return { labels, logits: (network) => classLogits(network as Network<BertConfig>, inputs) };
  },
  /** There is one answer to each input, the class, and nothing after it. */
  startDecoding: (network, inputs) => ({
    beginnings: inputs,
    advance: (_tokens, read) => tidy(() => read(classLogits(network, padInputs(inputs, network.model.config)))),
    select: () => undefined,
    dispose: () => undefined,
  }),
};

function padInputs(inputs: readonly Int32Array[], { padId }: BertConfig) {
  const rows = inputs.map((inputIds) => ({ inputIds, labels: inputIds }));
  const length = longest(rows, ({ inputIds }) => inputIds);
  const ids = new Int32Array(inputs.length * length).fill(padId);
  for (const [row, input] of inputs.entries()) ids.set(input, row * length);
  return { ids, lengths: inputs.map((input) => input.length) };
}
