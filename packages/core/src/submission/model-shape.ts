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
  /** Every linear layer but the head, by the paths that PEFT's `target_modules` match. */
  modules: readonly LinearModule[];
  /** Numbers that the backward pass keeps of one padded row. */
  activationsPerRow(lengths: { source: number; target: number }): number;
}
