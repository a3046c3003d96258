import { TrainingDivergedError } from '@capstan/core';

/** Steps whose mean counts: a single bad batch is no divergence. */
const WINDOW_STEPS = 50;
/** How far the mean may rise above the lowest so far, in nats a token: a model that has forgotten, not one that overfits a little. */
const TOLERATED_RISE = 3;

/**
 * Watches the loss of every step, and throws a TrainingDivergedError once its mean has risen far above the lowest that was reached: no number of
 * further steps is worth its price then. A loss that is no number is found by the trainer itself.
 */
export function createDivergenceWatch(): (step: number, loss: number) => void {
  const window: number[] = [];
  let lowest = Number.POSITIVE_INFINITY;
  return (step, loss) => {
    window.push(loss);
    if (window.length > WINDOW_STEPS) window.shift();
    if (window.length < WINDOW_STEPS) return;
    const mean = window.reduce((sum, value) => sum + value, 0) / WINDOW_STEPS;
    lowest = Math.min(lowest, mean);
    if (mean <= lowest + TOLERATED_RISE) return;
    const rise = `the mean loss of the last ${WINDOW_STEPS} steps is ${mean.toFixed(2)}, after ${lowest.toFixed(2)} at its best`;
    throw new TrainingDivergedError(step, `Training diverges at step ${step}: ${rise}.`);
  };
}
