export interface Schedule {
  totalSteps: number;
  warmupSteps: number;
  /** The peak, reached one step after the warm-up. */
  learningRate: number;
  decay: 'linear' | 'cosine' | 'constant';
}

/** The learning rate of a step (from 1), as transformers' Trainer has it: a warm-up spends its first step at rate 0. */
export function learningRateAt(step: number, { totalSteps, warmupSteps, learningRate, decay }: Schedule): number {
  const taken = step - 1;
  if (taken < warmupSteps) return learningRate * (taken / warmupSteps);
  if (decay === 'constant') return learningRate;
  const progress = (taken - warmupSteps) / Math.max(1, totalSteps - warmupSteps); // 0 at the peak, below 1 at the last step
  const factor = decay === 'linear' ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress));
  return learningRate * Math.max(0, factor);
}
