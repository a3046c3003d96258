import type { ModelShape } from './model-shape.ts';

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
/** Of the tensors that a model's shape counts, the share that is alive at once: the walk back frees as it goes. */
const ALIVE_SHARE = 0.45;

/** Peak resident memory of one rank, in bytes; within 12 % of what `scripts/memory.ts` of the trainer measures under WebAssembly. */
export function peakMemoryBytes(shape: ModelShape, facts: MemoryFacts): number {
  const { parameterCount, trainableParameters, microBatchSize, maxSourceTokens: source, maxTargetTokens: target } = facts;
  const weights = WEIGHT_COPIES * parameterCount + TRAINING_COPIES * trainableParameters;
  const activations = ALIVE_SHARE * microBatchSize * shape.activationsPerRow({ source, target });
  return Math.round(BASE_BYTES + BYTES_PER_FLOAT * (weights + activations));
}
