import type { T5Shape } from './t5-shape.ts';

export interface MemoryFacts {
  parameterCount: number;
  trainableParameters: number;
  microBatchSize: number;
  maxSourceTokens: number;
  maxTargetTokens: number;
}

/** A worker with nothing loaded: Node, the tensor backend, the tokenizer. */
const BASE_BYTES = 170e6;
const BYTES_PER_FLOAT = 4;
/** While a model is loaded its weights exist three times: as read, widened, and in the backend. */
const WEIGHT_COPIES = 3;
/** Gradient and AdamW's two moments. */
const TRAINING_COPIES = 3;
/** Of the tensors counted below, the share that is alive at once. */
const ALIVE_SHARE = 0.9;

/**
 * Peak resident memory of one rank, in bytes. The counts per token were fitted to T5s of 7 and 77 M parameters, adapter and full, under
 * the WebAssembly backend, which keeps about three times the tensors that a fused implementation would; there they hold within 7 %.
 */
export function t5MemoryBytes(shape: T5Shape, facts: MemoryFacts): number {
  const { parameterCount, trainableParameters, microBatchSize } = facts;
  const weights = WEIGHT_COPIES * parameterCount + TRAINING_COPIES * trainableParameters;
  return Math.round(BASE_BYTES + BYTES_PER_FLOAT * (weights + ALIVE_SHARE * microBatchSize * activationsPerRow(shape, facts)));
}

/** Numbers that the backward pass needs of one padded row. A decoder layer has a second attention, over the source. */
function activationsPerRow(shape: T5Shape, { maxSourceTokens: source, maxTargetTokens: target }: MemoryFacts): number {
  const perToken = 60 * shape.d_model + 24 * shape.d_ff;
  const scores = 8 * shape.num_heads;
  const encoder = shape.num_layers * source * (perToken + scores * source);
  const decoder = (shape.num_decoder_layers ?? shape.num_layers) * target * (1.5 * perToken + scores * (source + target));
  const logits = 4 * target * shape.vocab_size;
  return encoder + decoder + logits;
}
