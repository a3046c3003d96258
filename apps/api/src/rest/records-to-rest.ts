import { type CheckpointObject, checkpointName, type EventObject, type LogObject, type MetricObject } from '@capstan/core';
import type { Checkpoint, JobEventRecord, LogLine, StepMetric } from '@capstan/db';
import { seconds, unixTime } from './unix-time.ts';

export function eventToRest(event: JobEventRecord): EventObject {
  return {
    id: event.id,
    object: 'fine_tuning.job.event',
    created_at: unixTime(event.createdAt),
    level: event.level,
    message: event.message,
    type: event.type,
    data: event.data,
  };
}

/** Figures that a checkpoint may carry, under OpenAI's names. */
const CHECKPOINT_METRICS: Record<string, string> = {
  trainLoss: 'train_loss',
  trainTokenAccuracy: 'train_mean_token_accuracy',
  evalLoss: 'valid_loss',
  tokenAccuracy: 'valid_mean_token_accuracy',
};

export function checkpointToRest(checkpoint: Checkpoint, model: string): CheckpointObject {
  const metrics = Object.entries(checkpoint.metrics).map(([name, value]) => [CHECKPOINT_METRICS[name] ?? name, value]);
  return {
    id: checkpoint.id,
    object: 'fine_tuning.job.checkpoint',
    created_at: unixTime(checkpoint.createdAt),
    fine_tuned_model_checkpoint: checkpointName({ model, checkpointId: checkpoint.id, step: checkpoint.step }),
    fine_tuning_job_id: checkpoint.jobId,
    step_number: checkpoint.step,
    metrics: { ...Object.fromEntries(metrics), step: checkpoint.step },
  };
}

export function metricToRest(metric: StepMetric): MetricObject {
  return {
    seq: metric.seq,
    step: metric.step,
    epoch: metric.epoch,
    train_loss: metric.trainLoss,
    eval_loss: metric.evalLoss,
    token_accuracy: metric.tokenAccuracy,
    learning_rate: metric.learningRate,
    grad_norm: metric.gradNorm,
    tokens_per_second: metric.tokensPerSecond,
    memory_bytes: metric.memoryBytes,
    elapsed_seconds: metric.elapsedMs === null ? null : seconds(metric.elapsedMs),
    created_at: unixTime(metric.at),
  };
}

export function logToRest(line: LogLine): LogObject {
  const { seq, attempt, rank, level, message } = line;
  return { seq, attempt, rank, level, message, created_at: unixTime(line.at) };
}
