import type { ModelShape } from './model-shape.ts';

export interface MemoryFacts {
  parameterCount: number;
  trainableParameters: number;
  microBatchSize: number;
  maxSourceTokens: number;
  maxTargetTokens: number;
  gradientCheckpointing?: boolean | undefined;
  /** Where it will run, as the trainer names it; the largest need of all where that is not known. */
  backend?: string | null | undefined;
}

interface Coefficients {
  /** A worker with nothing loaded: Node, the tensor backend, the tokenizer. */
  base: number;
  /** Copies of the weights while a model is loaded: as read, widened, and in the backend. */
  weightCopies: number;
  /** Of the tensors that a model's shape counts, the share that is alive at once: the walk back frees as it goes. */
  aliveShare: number;
  /** The same with gradient checkpointing. */
  checkpointedShare: number;
}

/** Fitted to what `scripts/memory.ts` of the trainer measures. A compiled graph frees and reuses more than the walk over a tape. */
const BACKENDS: Readonly<Record<string, Coefficients>> = {
  wasm: { base: 230e6, weightCopies: 1.6, aliveShare: 0.25, checkpointedShare: 0.5 },
  'tfjs-node': { base: 600e6, weightCopies: 1.1, aliveShare: 0.18, checkpointedShare: 0.32 },
};
const BYTES_PER_FLOAT = 4;
/** Gradient and AdamW's two moments. */
const TRAINING_COPIES = 3;

/** Peak resident memory of one rank, in bytes. */
export function peakMemoryBytes(shape: ModelShape, facts: MemoryFacts): number {
  const known = BACKENDS[facts.backend ?? ''];
  const possible = known === undefined ? Object.values(BACKENDS) : [known];
  return Math.max(...possible.map((coefficients) => peakOn(coefficients, shape, facts)));
}

function peakOn({ base, weightCopies, ...shares }: Coefficients, shape: ModelShape, facts: MemoryFacts): number {
  const lengths = { source: facts.maxSourceTokens, target: facts.maxTargetTokens };
  const perRow = facts.gradientCheckpointing
    ? shares.checkpointedShare * shape.checkpointedPerRow(lengths)
    : shares.aliveShare * shape.activationsPerRow(lengths);
  const weights = weightCopies * facts.parameterCount + TRAINING_COPIES * facts.trainableParameters;
  return Math.round(base + BYTES_PER_FLOAT * (weights + facts.microBatchSize * perRow));
}
