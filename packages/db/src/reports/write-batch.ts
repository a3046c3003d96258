import { createHash } from 'node:crypto';
import type { RankIdentity } from '@capstan/core';
import { Prisma } from '../generated/client.ts';
import { base32 } from '../make-id.ts';
import { json } from '../sql.ts';
import type { CheckpointPoint, MetricPoint, ReportBatch } from './report-batch.ts';

/**
 * The statement's parts that store a batch, each hanging on `gate`; a part without rows is left out. Numbers (`seq`) are drawn behind
 * the row locks of `gate`, so within a job they grow in commit order.
 */
export function batchParts(identity: RankIdentity, batch: ReportBatch, now: Date): { name: string; part: Prisma.Sql }[] {
  const { metrics, logs, checkpoints, baseEvaluation, events, progress } = batch;
  return [
    { name: 'metrics', isNeeded: metrics.length > 0, part: () => metricInsert(metrics) },
    { name: 'logs', isNeeded: logs.length > 0, part: () => logInsert(identity, logs) },
    { name: 'checkpoints', isNeeded: checkpoints.length > 0, part: () => checkpointInsert(identity, checkpoints, now) },
    { name: 'base', isNeeded: baseEvaluation !== null, part: () => baseEvaluationInsert(baseEvaluation) },
    { name: 'events', isNeeded: events.length > 0, part: () => eventInsert(events, now) },
    { name: 'progress', isNeeded: Object.keys(progress).length > 0, part: () => progressUpdate(progress) },
  ].flatMap(({ name, isNeeded, part }) => (isNeeded ? [{ name, part: part() }] : []));
}

function metricInsert(points: MetricPoint[]): Prisma.Sql {
  const column = (key: Exclude<keyof MetricPoint, 'at'>) => numberArray(points.map((point) => point[key]));
  return Prisma.sql`metrics AS (
    INSERT INTO step_metrics AS m (job_id, attempt, step, epoch, train_loss, learning_rate, grad_norm, tokens, tokens_per_second,
      memory_bytes, elapsed_ms, eval_loss, token_accuracy, at)
    SELECT gate.id, gate.attempt, p.step, p.epoch, p.train_loss, p.learning_rate, p.grad_norm, p.tokens, p.tokens_per_second,
      p.memory_bytes, p.elapsed_ms, p.eval_loss, p.token_accuracy, to_timestamp(p.at_ms / 1000)
    FROM gate, unnest(
      ${column('step')}::int[], ${column('epoch')}::float8[], ${column('trainLoss')}::float8[], ${column('learningRate')}::float8[],
      ${column('gradNorm')}::float8[], ${column('tokens')}::int[], ${column('tokensPerSecond')}::float8[],
      ${column('memoryBytes')}::bigint[], ${column('elapsedMs')}::float8[], ${column('evalLoss')}::float8[],
      ${column('tokenAccuracy')}::float8[], ${numberArray(points.map(({ at }) => at.getTime()))}::float8[])
      AS p (step, epoch, train_loss, learning_rate, grad_norm, tokens, tokens_per_second, memory_bytes, elapsed_ms, eval_loss,
        token_accuracy, at_ms)
    ON CONFLICT (job_id, step) DO UPDATE SET
      seq = excluded.seq, attempt = excluded.attempt, at = excluded.at,
      epoch = coalesce(excluded.epoch, m.epoch), train_loss = coalesce(excluded.train_loss, m.train_loss),
      learning_rate = coalesce(excluded.learning_rate, m.learning_rate), grad_norm = coalesce(excluded.grad_norm, m.grad_norm),
      tokens = coalesce(excluded.tokens, m.tokens), tokens_per_second = coalesce(excluded.tokens_per_second, m.tokens_per_second),
      memory_bytes = coalesce(excluded.memory_bytes, m.memory_bytes), elapsed_ms = coalesce(excluded.elapsed_ms, m.elapsed_ms),
      eval_loss = coalesce(excluded.eval_loss, m.eval_loss), token_accuracy = coalesce(excluded.token_accuracy, m.token_accuracy))`;
}

/**
 * The text of a Postgres array, several times as fast as pg's own, which quotes each element. A column without any value is sent as the
 * empty array: `unnest` fills up the shorter ones with nulls.
 */
function numberArray(values: (number | null)[]): string {
  if (values.every((value) => value === null)) return '{}';
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

function logInsert({ rank }: RankIdentity, logs: ReportBatch['logs']): Prisma.Sql {
  return Prisma.sql`logs AS (
    INSERT INTO log_lines (job_id, attempt, rank, level, message, at)
    SELECT gate.id, gate.attempt, ${rank}::int, l.level, l.message, l.at FROM gate, unnest(
      ${logs.map(({ level }) => level)}::severity[], ${logs.map(({ message }) => message)}::text[],
      ${logs.map(({ at }) => at)}::timestamptz[]) WITH ORDINALITY AS l (level, message, at, place)
    ORDER BY l.place)`;
}

function checkpointInsert(identity: RankIdentity, checkpoints: CheckpointPoint[], now: Date): Prisma.Sql {
  return Prisma.sql`checkpoints AS (
    INSERT INTO checkpoints (id, job_id, step, attempt, state, adapter, metrics, created_at)
    SELECT c.id, gate.id, c.step, gate.attempt, c.state, c.adapter, c.metrics, ${now}::timestamptz FROM gate, unnest(
      ${checkpoints.map(({ step }) => checkpointId(identity.jobId, step))}::text[], ${checkpoints.map(({ step }) => step)}::int[],
      ${checkpoints.map(({ state }) => json(state))}::jsonb[], ${checkpoints.map(({ adapter }) => json(adapter))}::jsonb[],
      ${checkpoints.map(({ metrics }) => json(metrics))}::jsonb[]) AS c (id, step, state, adapter, metrics)
    ON CONFLICT (job_id, step) DO UPDATE SET
      attempt = excluded.attempt, state = excluded.state, adapter = excluded.adapter, metrics = excluded.metrics, state_released_at = NULL)`;
}

function baseEvaluationInsert(evaluation: ReportBatch['baseEvaluation']): Prisma.Sql {
  return Prisma.sql`base AS (
    INSERT INTO base_evaluations (job_id, figures, outputs)
    SELECT gate.id, ${json(evaluation?.figures)}::jsonb, ${json(evaluation?.outputs)}::jsonb FROM gate
    ON CONFLICT (job_id) DO UPDATE SET figures = excluded.figures, outputs = excluded.outputs)`;
}

function eventInsert(events: ReportBatch['events'], now: Date): Prisma.Sql {
  return Prisma.sql`events AS (
    INSERT INTO job_events (job_id, level, type, message, data, created_at)
    SELECT gate.id, e.level, e.type, e.message, e.data, ${now}::timestamptz FROM gate, unnest(
      ${events.map(({ level }) => level)}::severity[], ${events.map(({ type }) => type)}::event_type[],
      ${events.map(({ message }) => message)}::text[], ${events.map(({ data }) => json(data))}::jsonb[])
      WITH ORDINALITY AS e (level, type, message, data, place)
    ORDER BY e.place)`;
}

function progressUpdate(progress: ReportBatch['progress']): Prisma.Sql {
  return Prisma.sql`progress AS (
    UPDATE jobs j SET progress = coalesce(j.progress, '{}') || ${json(progress)}::jsonb FROM gate WHERE j.id = gate.id)`;
}

/** One id per job and step, so that a checkpoint saved again keeps its name. */
function checkpointId(jobId: string, step: number): string {
  const digest = createHash('sha256').update(`${jobId}:${step}`).digest();
  return `ftckpt-${base32(digest.subarray(0, 15))}`;
}
