export interface LinearModule {
  /** Its path in the model, e.g. `encoder.block.0.layer.0.SelfAttention.q`. */
  name: string;
  inputs: number;
  outputs: number;
}

/** What an estimate needs to know of a model. */
export interface ModelShape {
  /** PEFT's name of what the model is for. */
  task: 'SEQ_2_SEQ_LM' | 'CAUSAL_LM' | 'SEQ_CLS';
  /** Tokens of one row that learned positions have room for; null where a row may be of any length. */
  positions: number | null;
  /** Every linear layer but the head, by the paths that PEFT's `target_modules` match. */
  modules: readonly LinearModule[];
  /** Numbers that the backward pass keeps of one padded row. */
  activationsPerRow(lengths: Lengths): number;
  /** The same with gradient checkpointing: what every layer reads, and all of the largest layer. */
  checkpointedPerRow(lengths: Lengths): number;
}

export interface Lengths {
  source: number;
  target: number;
}

/** A row's share in layers that are alike. */
export interface Stack {
  layers: number;
  /** Numbers that one layer keeps, and those that it reads. */
  perLayer: number;
  inputs: number;
}

/** Both counts of `ModelShape`, of stacks and what lies behind the last of them. */
export function countActivations(
  parts: (lengths: Lengths) => { stacks: readonly Stack[]; head: number },
): Pick<ModelShape, 'activationsPerRow' | 'checkpointedPerRow'> {
  return {
    activationsPerRow: (lengths) => {
      const { stacks, head } = parts(lengths);
      return stacks.reduce((sum, { layers, perLayer }) => sum + layers * perLayer, head);
    },
    checkpointedPerRow: (lengths) => {
      const { stacks, head } = parts(lengths);
      const kept = stacks.reduce((sum, { layers, inputs }) => sum + layers * inputs, 0);
      return kept + Math.max(head, ...stacks.map(({ perLayer }) => perLayer));
    },
  };
}
