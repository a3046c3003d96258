import type { JobObject, MetricObject } from '@capstan/core';
import { formatClock, formatCount, formatLearningRate } from '../output/format.ts';

/** What is known of a running job at one moment, from its row and from the metrics that arrived since. */
export interface TrainingView {
  step: number;
  totalSteps: number;
  epoch: number;
  trainLoss: number | null;
  evalLoss: number | null;
  learningRate: number | null;
  tokensPerSecond: number | null;
  elapsedSeconds: number;
  phase: string;
}

export function viewOf(job: JobObject): TrainingView {
  const { progress, training } = job.capstan;
  return {
    step: progress?.step ?? 0,
    totalSteps: training.total_steps,
    epoch: progress?.epoch ?? 0,
    trainLoss: progress?.train_loss ?? null,
    evalLoss: progress?.eval_loss ?? null,
    learningRate: progress?.learning_rate ?? null,
    tokensPerSecond: progress?.tokens_per_second ?? null,
    elapsedSeconds: progress?.elapsed_seconds ?? 0,
    phase: progress?.phase ?? job.capstan.state,
  };
}

/** The view after one more metric; an evaluation brings `eval_loss` only, a step brings the rest. */
export function withMetric(view: TrainingView, metric: MetricObject): TrainingView {
  return {
    ...view,
    step: Math.max(view.step, metric.step),
    epoch: metric.epoch ?? view.epoch,
    trainLoss: metric.train_loss ?? view.trainLoss,
    evalLoss: metric.eval_loss ?? view.evalLoss,
    learningRate: metric.learning_rate ?? view.learningRate,
    tokensPerSecond: metric.tokens_per_second ?? view.tokensPerSecond,
    elapsedSeconds: metric.elapsed_seconds ?? view.elapsedSeconds,
  };
}

/** The seconds that the steps left will take at the pace so far; null before the first step. */
export function secondsLeft({ step, totalSteps, elapsedSeconds }: TrainingView): number | null {
  return step === 0 ? null : (elapsedSeconds / step) * (totalSteps - step);
}

/** The figures of a view, most wanted first, as many as fit in `width` characters. */
export function progressFigures(view: TrainingView, width: number): string {
  const left = secondsLeft(view);
  const figures = [
    `${view.step}/${view.totalSteps}`,
    `loss ${shortLoss(view.trainLoss)}`,
    ...(view.evalLoss === null ? [] : [`eval ${shortLoss(view.evalLoss)}`]),
    ...(left === null || view.step >= view.totalSteps ? [] : [`${formatClock(left)} left`]),
    ...(view.tokensPerSecond === null ? [] : [`${formatCount(view.tokensPerSecond)} tok/s`]),
    `epoch ${view.epoch.toFixed(2)}`,
    ...(view.learningRate === null ? [] : [`lr ${formatLearningRate(view.learningRate)}`]),
    `${formatClock(view.elapsedSeconds)} so far`,
  ];
  let shown = '';
  for (const figure of figures) {
    const longer = shown === '' ? figure : `${shown} · ${figure}`;
    if (longer.length > width) break;
    shown = longer;
  }
  return shown;
}

/** Three figures: the fourth would only flicker. */
function shortLoss(loss: number | null): string {
  return loss === null ? '–' : loss.toFixed(3);
}
