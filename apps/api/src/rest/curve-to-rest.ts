import type { CurveObject } from '@capstan/core';
import type { CurvePoint } from '@capstan/db';

export function curveToRest(points: readonly CurvePoint[]): CurveObject {
  return {
    object: 'fine_tuning.job.curve',
    steps: points.reduce((sum, { steps }) => sum + steps, 0),
    data: points.map((point) => ({
      step: point.step,
      train_loss: point.trainLoss,
      train_loss_min: point.trainLossMin,
      train_loss_max: point.trainLossMax,
      eval_loss: point.evalLoss,
      token_accuracy: point.tokenAccuracy,
      learning_rate: point.learningRate,
      grad_norm: point.gradNorm,
      tokens_per_second: point.tokensPerSecond,
      memory_bytes: point.memoryBytes,
    })),
  };
}
