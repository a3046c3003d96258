import type { ArtifactRef, EvaluationFigures, NumberedReport, RankIdentity, WorkerReport } from '@capstan/core';
import type { EventEntry } from '../jobs/describe-event.ts';
import type { StoredProgress } from '../jobs/job-row.ts';

/** A step, the evaluation at it, or both, before they have a number. */
export interface MetricPoint {
  step: number;
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

export interface CheckpointPoint {
  step: number;
  state: ArtifactRef;
  adapter: ArtifactRef[];
  metrics: Record<string, number>;
}

/** A batch of reports, sorted by the table that takes them. */
export interface ReportBatch {
  metrics: MetricPoint[];
  logs: Extract<WorkerReport, { type: 'log' }>[];
  checkpoints: CheckpointPoint[];
  baseEvaluation: { figures: EvaluationFigures; outputs: string[] } | null;
  events: (EventEntry & { type: 'message' | 'metrics' })[];
  progress: StoredProgress;
}

const EMPTY_POINT = {
  epoch: null,
  trainLoss: null,
  learningRate: null,
  gradNorm: null,
  tokens: null,
  tokensPerSecond: null,
  memoryBytes: null,
  elapsedMs: null,
  evalLoss: null,
  tokenAccuracy: null,
};

/**
 * Sorts reports for storage. Rank 0 speaks for the job: metrics, progress and events of other ranks would only repeat its own, so of
 * them logs alone are kept. One row takes one change per statement: a step and the evaluation at it become one point, the last wins.
 */
export function sortReports(identity: RankIdentity, reports: readonly NumberedReport[]): ReportBatch {
  const points = new Map<number, MetricPoint>();
  const checkpoints = new Map<number, CheckpointPoint>();
  const batch: ReportBatch = { metrics: [], logs: [], checkpoints: [], baseEvaluation: null, events: [], progress: {} };
  for (const { report } of reports) {
    if (report.type === 'log') batch.logs.push(report);
    else if (identity.rank === 0) sortLeading(report, batch, { points, checkpoints });
  }
  return { ...batch, metrics: [...points.values()], checkpoints: [...checkpoints.values()] };
}

interface ByStep {
  points: Map<number, MetricPoint>;
  checkpoints: Map<number, CheckpointPoint>;
}

function sortLeading(report: Exclude<WorkerReport, { type: 'log' }>, batch: ReportBatch, { points, checkpoints }: ByStep): void {
  switch (report.type) {
    case 'phase':
      batch.progress.phase = report.phase;
      return;
    case 'ready':
      batch.events.push(message(`Training runs on the ${report.backend} backend. ${report.detail}`.trim(), { backend: report.backend }));
      return;
    case 'step': {
      const { type: _type, ...measured } = report;
      points.set(report.step, { ...(points.get(report.step) ?? EMPTY_POINT), ...measured });
      const { step, epoch, trainLoss, learningRate, tokensPerSecond, elapsedMs } = report;
      Object.assign(batch.progress, { step, epoch, trainLoss, learningRate, tokensPerSecond, elapsedMs });
      return;
    }
    case 'evaluation': {
      const { step, evalLoss, tokenAccuracy, at } = report;
      points.set(step, { ...(points.get(step) ?? { ...EMPTY_POINT, step, at }), evalLoss, tokenAccuracy });
      batch.progress.evalLoss = evalLoss;
      batch.events.push(evaluationEvent(report));
      return;
    }
    case 'baseEvaluation':
      batch.baseEvaluation = { figures: report.figures, outputs: report.outputs };
      return;
    case 'checkpoint': {
      const { type: _type, ...checkpoint } = report;
      checkpoints.set(report.step, checkpoint);
      batch.events.push(message(`A checkpoint was saved at step ${report.step}.`, { step: report.step }));
      return;
    }
    case 'succeeded':
    case 'stopped':
    case 'failed':
      return;
  }
}

function message(text: string, data: Record<string, unknown>): ReportBatch['events'][number] {
  return { level: 'info', type: 'message', message: text, data };
}

function evaluationEvent({ step, evalLoss, tokenAccuracy }: Extract<WorkerReport, { type: 'evaluation' }>): ReportBatch['events'][number] {
  return {
    level: 'info',
    type: 'metrics',
    message: `Step ${step}: validation loss ${evalLoss.toFixed(4)}, token accuracy ${(tokenAccuracy * 100).toFixed(1)} %.`,
    data: { step, valid_loss: evalLoss, valid_mean_token_accuracy: tokenAccuracy },
  };
}
