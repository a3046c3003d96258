import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { TokenizedExample } from './batches.ts';
import type { HostTensors, Tensors } from './host-tensor.ts';
import type { Network } from './network.ts';
import type { Json } from './read-config.ts';

/** What the trainer needs of every model's configuration, whatever its kind. */
export interface ModelConfig {
  vocabSize: number;
  padId: number;
  /** Tokens that end a text. */
  eosIds: readonly number[];
  /** The base's own rate, outside of attention. */
  dropoutRate: number;
  epsilon: number;
  embeddingName: string;
  /** What turns the last hidden states into logits. */
  headName: string;
  /** A tied head is the embedding. */
  tiedHead: boolean;
  /** Tokens of one text that learned positions have room for; absent where a text may be of any length. */
  positions?: number;
  /** Names of a classifier's classes. */
  labels?: readonly string[];
}

export interface WeightSpec {
  /** Hugging Face's name. */
  name: string;
  /** As in the file. A linear layer is [out, in] there and [in, out] in memory; GPT-2's `conv1d` is [in, out] in both. */
  shape: number[];
  kind: 'linear' | 'conv1d' | 'bias' | 'norm' | 'embedding' | 'positionBias';
  /** Standard deviation of fresh weights, as transformers draws them. */
  deviation: number;
  /** Drawn afresh where the file lacks it: a classification head over a bare encoder. */
  isOptional?: boolean;
}

/** A padded batch, ready to compute. */
export interface Batch {
  /** Row by row without padding: the targets of the loss. */
  labels: Int32Array;
  /** All that the logits depend on, besides the number of rows. */
  inputs: HostTensors;
  /** The logits of every label, [labels, classes]: padding never reaches the head. `inputs` are the batch's own, as tensors. */
  logits(network: Network, inputs: Tensors): Tensor2D;
}

/** Makes the answers to some inputs token by token. */
export interface DecodingSession {
  /** What every input's text begins with, for those who count what it holds: its prompt, or a decoder's start token. */
  readonly beginnings: readonly Int32Array[];
  /** Feeds one token per row (nothing at first) and gives the logits of the next ones, [rows, vocabulary]: the caller's to free. */
  advance(tokens: readonly number[] | undefined): Tensor2D;
  /** Goes on with these of its rows alone, in this order; one may be taken several times. At first every input is a row. */
  select(rows: readonly number[]): void;
  dispose(): void;
}

/** PEFT's names of what a model is for. */
export type TaskType = 'SEQ_2_SEQ_LM' | 'CAUSAL_LM' | 'SEQ_CLS';

/** One kind of model: all that differs between a T5 and a Llama is behind this. */
export interface Architecture<Config extends ModelConfig = ModelConfig> {
  readonly taskType: TaskType;
  /** Reads config.json; what cannot be computed exactly is refused by name. `hasWeight` looks into the weights' file, where there is one. */
  parseConfig(json: Json, hasWeight: (name: string) => boolean): Config;
  /** Every weight in file order: the one list that loading, fresh weights, export and LoRA's targets are read from. */
  layout(config: Config): WeightSpec[];
  /** Other names under which files hold a weight. */
  aliases(name: string): string[];
  makeBatch(examples: readonly TokenizedExample[], config: Config): Batch;
  startDecoding(network: Network<Config>, inputs: readonly Int32Array[]): DecodingSession;
}
