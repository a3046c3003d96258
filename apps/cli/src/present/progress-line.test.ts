import { describe, expect, it } from 'vitest';
import { progressFigures, secondsLeft, type TrainingView, withMetric } from './progress-line.ts';

const view: TrainingView = {
  step: 50,
  totalSteps: 200,
  epoch: 0.5,
  trainLoss: 2.5,
  evalLoss: null,
  learningRate: 0.002,
  tokensPerSecond: 1_234,
  elapsedSeconds: 25,
  phase: 'training',
};
const evaluation = {
  seq: 9,
  step: 50,
  epoch: null,
  train_loss: null,
  eval_loss: 2.25,
  token_accuracy: 0.5,
  learning_rate: null,
  grad_norm: null,
  tokens_per_second: null,
  memory_bytes: null,
  elapsed_seconds: null,
  created_at: 0,
};

describe('progress of a training run', () => {
  it('expects the steps left to take as long as those before', () => {
    expect(secondsLeft(view)).toBe(75);
    expect(secondsLeft({ ...view, step: 0 })).toBeNull();
  });

  it('keeps the figures of the last step when an evaluation arrives', () => {
    expect(withMetric(view, evaluation)).toEqual({ ...view, evalLoss: 2.25 });
  });

  it('never goes back when metrics of an earlier step arrive late', () => {
    expect(withMetric(view, { ...evaluation, step: 40 }).step).toBe(50);
  });

  it('leaves out what does not fit, least wanted first', () => {
    expect(progressFigures(view, 200)).toBe('50/200 · loss 2.500 · 1:15 left · 1,234 tok/s · epoch 0.50 · lr 2.0e-3 · 0:25 so far');
    expect(progressFigures(view, 30)).toBe('50/200 · loss 2.500');
  });
});
