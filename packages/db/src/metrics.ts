import type { EvaluationFigures } from '@capstan/core';
import type { StepMetric as StepMetricRow } from './generated/client.ts';
import type { PrismaDatabase } from './prisma.ts';

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

export interface MetricRepository {
  /**
   * In the order in which they were last written. A step that a resumed attempt repeats, or an evaluation that joins its step, gets a
   * new `seq`: a reader keeps one point per step, the last that it saw.
   */
  list(jobId: string, page: { afterSeq?: number | undefined; limit: number }): Promise<StepMetric[]>;
  baseEvaluation(jobId: string): Promise<BaseEvaluation | null>;
}

export function createMetricRepository(prisma: PrismaDatabase): MetricRepository {
  return {
    async list(jobId, { afterSeq = 0, limit }) {
      const rows = await prisma.stepMetric.findMany({ where: { jobId, seq: { gt: afterSeq } }, orderBy: { seq: 'asc' }, take: limit });
      return rows.map(toMetric);
    },
    async baseEvaluation(jobId) {
      const row = await prisma.baseEvaluation.findUnique({ where: { jobId } });
      return row === null ? null : { figures: row.figures as unknown as EvaluationFigures, outputs: row.outputs as string[] };
    },
  };
}

function toMetric(row: StepMetricRow): StepMetric {
  return { ...row, seq: Number(row.seq), memoryBytes: row.memoryBytes === null ? null : Number(row.memoryBytes) };
}
