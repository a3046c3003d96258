import type { CurveObject, CurvePoint, MetricObject } from '@capstan/core';

/** The curve with what came in since. A step that comes again, because an attempt went back to its checkpoint, replaces the first. */
export function appendMetrics(curve: CurveObject, metrics: readonly MetricObject[]): CurveObject {
  if (metrics.length === 0) return curve;
  const fresh = new Map(metrics.map((metric) => [metric.step, toPoint(metric)]));
  const kept = curve.data.filter(({ step }) => !fresh.has(step));
  const data = [...kept, ...fresh.values()].sort((a, b) => a.step - b.step);
  return { ...curve, steps: curve.steps + data.length - curve.data.length, data };
}

function toPoint(metric: MetricObject): CurvePoint {
  const { step, train_loss, eval_loss, token_accuracy, learning_rate, grad_norm, tokens_per_second, memory_bytes } = metric;
  return {
    step,
    train_loss,
    train_loss_min: train_loss,
    train_loss_max: train_loss,
    eval_loss,
    token_accuracy,
    learning_rate,
    grad_norm,
    tokens_per_second,
    memory_bytes,
  };
}
