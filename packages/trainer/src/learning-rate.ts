export interface Schedule {
  totalSteps: number;
  warmupSteps: number;
  /** The peak, reached at the end of the warm-up. */
  learningRate: number;
  decay: 'linear' | 'cosine' | 'constant';
}

/**
 * The learning rate of a step (from 1). As transformers' schedules, shifted by one: theirs spends its first step at rate 0.
 */
export function learningRateAt(step: number, { totalSteps, warmupSteps, learningRate, decay }: Schedule): number {
  if (step <= warmupSteps) return (learningRate * step) / warmupSteps;
  if (decay === 'constant') return learningRate;
  const progress = (step - warmupSteps - 1) / Math.max(1, totalSteps - warmupSteps); // 0 at the peak, below 1 at the last step
  const factor = decay === 'linear' ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress));
  return learningRate * Math.max(0, factor);
}
