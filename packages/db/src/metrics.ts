import type { EvaluationFigures } from '@capstan/core';
import type { StepMetric as StepMetricRow } from './generated/client.ts';
import { Prisma } from './generated/client.ts';
import type { PrismaDatabase } from './prisma.ts';
import type { Sql } from './sql.ts';

/** One step, or the evaluation made at it, or both: what has not been measured is null. */
export interface StepMetric {
  seq: number;
  jobId: string;
  step: number;
  attempt: number;
  epoch: number | null;
  trainLoss: number | null;
  learningRate: number | null;
  gradNorm: number | null;
  tokens: number | null;
  tokensPerSecond: number | null;
  memoryBytes: number | null;
  elapsedMs: number | null;
  evalLoss: number | null;
  tokenAccuracy: number | null;
  at: Date;
}

export interface BaseEvaluation {
  figures: EvaluationFigures;
  outputs: string[];
}

/** Neighbouring steps drawn as one: means, with the range of the loss that they cover. */
export interface CurvePoint {
  /** The last of them. */
  step: number;
  steps: number;
  trainLoss: number | null;
  trainLossMin: number | null;
  trainLossMax: number | null;
  evalLoss: number | null;
  tokenAccuracy: number | null;
  learningRate: number | null;
  gradNorm: number | null;
  tokensPerSecond: number | null;
  memoryBytes: number | null;
}

export interface MetricRepository {
  /**
   * In the order in which they were last written. A step that a resumed attempt repeats, or an evaluation that joins its step, gets a
   * new `seq`: a reader keeps one point per step, the last that it saw.
   */
  list(jobId: string, page: { afterSeq?: number | undefined; limit: number }): Promise<StepMetric[]>;
  /** By step; go on with the last step as `after`. */
  listBySteps(jobId: string, page: { after: number; limit: number }): Promise<StepMetric[]>;
  baseEvaluation(jobId: string): Promise<BaseEvaluation | null>;
  /** The whole run in at most `points` points, by step. */
  curve(jobId: string, points: number): Promise<CurvePoint[]>;
}

export function createMetricRepository(prisma: PrismaDatabase, sql: Sql): MetricRepository {
  return {
    async list(jobId, { afterSeq = 0, limit }) {
      const rows = await prisma.stepMetric.findMany({ where: { jobId, seq: { gt: afterSeq } }, orderBy: { seq: 'asc' }, take: limit });
      return rows.map(toMetric);
    },
    async listBySteps(jobId, { after, limit }) {
      const rows = await prisma.stepMetric.findMany({ where: { jobId, step: { gt: after } }, orderBy: { step: 'asc' }, take: limit });
      return rows.map(toMetric);
    },
    async baseEvaluation(jobId) {
      const row = await prisma.baseEvaluation.findUnique({ where: { jobId } });
      return row === null ? null : { figures: row.figures as unknown as EvaluationFigures, outputs: row.outputs as string[] };
    },
    curve: (jobId, points) => readCurve(sql, jobId, points),
  };
}

async function readCurve(sql: Sql, jobId: string, points: number): Promise<CurvePoint[]> {
  const statement = Prisma.sql`
    WITH bounds AS (
      SELECT greatest(1, ceil((max(step) - min(step) + 1)::float8 / ${points}::int))::int AS width, min(step) AS first
      FROM step_metrics WHERE job_id = ${jobId})
    SELECT max(step) AS step, count(*)::int AS steps, avg(train_loss) AS "trainLoss", min(train_loss) AS "trainLossMin",
      max(train_loss) AS "trainLossMax", avg(eval_loss) AS "evalLoss", avg(token_accuracy) AS "tokenAccuracy",
      avg(learning_rate) AS "learningRate", avg(grad_norm) AS "gradNorm", avg(tokens_per_second) AS "tokensPerSecond",
      max(memory_bytes)::float8 AS "memoryBytes"
    FROM step_metrics, bounds WHERE job_id = ${jobId} GROUP BY (step_metrics.step - bounds.first) / bounds.width ORDER BY 1`;
  return sql.rows<CurvePoint>(statement, 'read-curve');
}

function toMetric(row: StepMetricRow): StepMetric {
  return { ...row, seq: Number(row.seq), memoryBytes: row.memoryBytes === null ? null : Number(row.memoryBytes) };
}
