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
  const lastOf: ByStep = { points: new Map(), checkpoints: new Map(), step: null };
  const batch: ReportBatch = { metrics: [], logs: [], checkpoints: [], baseEvaluation: null, events: [], progress: {} };
  for (const { report } of reports) {
    if (report.type === 'log') batch.logs.push(report);
    else if (identity.rank === 0) sortLeading(report, batch, lastOf);
  }
  const { points, checkpoints, step } = lastOf;
  const progress = step === null ? batch.progress : { ...batch.progress, ...progressOf(step) };
  return { ...batch, progress, metrics: [...points.values()], checkpoints: [...checkpoints.values()] };
}

type StepReport = Extract<WorkerReport, { type: 'step' }>;

/** The last of each kind, by its step. */
interface ByStep {
  points: Map<number, MetricPoint>;
  checkpoints: Map<number, CheckpointPoint>;
  step: StepReport | null;
}

function sortLeading(report: Exclude<WorkerReport, { type: 'log' }>, batch: ReportBatch, lastOf: ByStep): void {
  const { points, checkpoints } = lastOf;
  switch (report.type) {
    case 'phase':
      batch.progress.phase = report.phase;
      return;
    case 'ready':
      batch.events.push(message(`Training runs on the ${report.backend} backend. ${report.detail}`.trim(), { backend: report.backend }));
      return;
    case 'step':
      points.set(report.step, toPoint(report, points.get(report.step)));
      lastOf.step = report;
      return;
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

/** Written out, field by field: steps come by the hundred thousand, and spreads cost more than the insert. */
function toPoint(report: StepReport, known: MetricPoint | undefined): MetricPoint {
  return {
    step: report.step,
    epoch: report.epoch,
    trainLoss: report.trainLoss,
    learningRate: report.learningRate,
    gradNorm: report.gradNorm,
    tokens: report.tokens,
    tokensPerSecond: report.tokensPerSecond,
    memoryBytes: report.memoryBytes,
    elapsedMs: report.elapsedMs,
    evalLoss: known?.evalLoss ?? null,
    tokenAccuracy: known?.tokenAccuracy ?? null,
    at: report.at,
  };
}

function progressOf({ step, epoch, trainLoss, learningRate, tokensPerSecond, elapsedMs }: StepReport): StoredProgress {
  return { step, epoch, trainLoss, learningRate, tokensPerSecond, elapsedMs };
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
