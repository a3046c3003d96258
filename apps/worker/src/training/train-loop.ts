import type { Clock } from '@capstan/core';
import { adapterFiles, type StepEvent, type TrainEvent, type TrainOptions, tokensOf } from '@capstan/trainer';
import type { LossFigures } from '../evaluation/measure-loss.ts';
import { type CheckpointSaver, createCheckpointSaver } from './checkpoint-saver.ts';
import { createDivergenceWatch } from './divergence-watch.ts';
import { createGang } from './gang.ts';
import type { TrainingRun } from './prepare-run.ts';
import { createThroughput } from './throughput.ts';
import { trainFromCheckpoint } from './train-from-checkpoint.ts';
import type { TrainingContext } from './training-context.ts';

export interface TrainingEnd {
  end: 'finished' | 'stopped';
  step: number;
  /** Tokens trained on over the whole run, earlier attempts included. */
  trainedTokens: number;
  /** Measured by the trainer after the last step, if it did. */
  lastEvaluation: LossFigures | undefined;
  /** The largest seen at the end of a step. */
  peakMemoryBytes: number;
}

/** Trains to the end or to a stop. Rank 0 reports every step, evaluation and checkpoint on the way: they are the same for all. */
export async function trainAndReport(run: TrainingRun, context: TrainingContext): Promise<TrainingEnd> {
  const { assignment } = run;
  const progress = createProgress(run, context);
  const gang = createGang({ ...context, assignment, join: context.connection.joinGang, step: () => progress.step });
  const isDue = createAlarm(assignment.rank === 0 ? assignment.spec.training.checkpointEverySeconds * 1_000 : 0, context.clock);
  const command = () => {
    // The last step is always kept: what follows it may still be interrupted.
    const asked = gang.next();
    return asked === 'continue' && (progress.step === assignment.spec.training.totalSteps || isDue()) ? 'checkpoint' : asked;
  };
  const { allReduce } = gang;
  const saver = createCheckpointSaver(context);
  try {
    const events = trainFromCheckpoint({ ...trainOptions(run), command, allReduce }, assignment.checkpoints, context);
    return await consume(events, { run, progress, saver });
  } finally {
    gang.leave();
  }
}

async function consume(
  events: AsyncIterable<TrainEvent>,
  { run, progress, saver }: { run: TrainingRun; progress: Progress; saver: CheckpointSaver },
): Promise<TrainingEnd> {
  const watchLoss = createDivergenceWatch();
  for await (const event of events) {
    switch (event.type) {
      case 'step':
        progress.report(event);
        watchLoss(event.step, event.trainLoss);
        break;
      case 'evaluation':
        progress.evaluated(event);
        break;
      case 'checkpoint':
        await saveCheckpoint(event, { run, progress, saver });
        break;
      case 'stopped':
      case 'finished':
        await saver.settled();
        return { end: event.type, ...progress.summary(event.step) };
    }
  }
  throw new Error('The trainer ended without saying how.');
}

function trainOptions({ assignment, model, adapter, examples, evaluation }: TrainingRun): TrainOptions {
  const { spec, rank, worldSize } = assignment;
  const { seed, training, preference } = spec;
  const { totalSteps, warmupSteps, learningRate, decay, batchSize, microBatchSize, maxGradNorm, weightDecay } = training;
  return {
    model,
    adapter,
    train: examples,
    validation: evaluation.lossExamples,
    schedule: { totalSteps, warmupSteps, learningRate, decay },
    batchSize,
    microBatchSize,
    maxGradNorm,
    weightDecay,
    labelSmoothing: training.labelSmoothing,
    gradientCheckpointing: training.gradientCheckpointing,
    preference,
    // As TRL: what dropout drops would be taken for a change of preference.
    dropout: training.dropout ?? (preference ? 0 : undefined),
    seed,
    evalEverySteps: rank === 0 && training.evalEverySteps > 0 && evaluation.lossExamples.length > 0 ? training.evalEverySteps : null,
    checkpointEverySteps: training.checkpointEverySteps,
    shard: { rank, worldSize },
  };
}

/** True at the first look after each interval; never where the interval is 0. */
function createAlarm(intervalMs: number, clock: Clock): () => boolean {
  let last = clock.now().getTime();
  return () => {
    const now = clock.now().getTime();
    if (intervalMs === 0 || now - last < intervalMs) return false;
    last = now;
    return true;
  };
}

async function saveCheckpoint(
  { step, state }: Extract<TrainEvent, { type: 'checkpoint' }>,
  { run: { adapter, assignment }, progress, saver }: { run: TrainingRun; progress: Progress; saver: CheckpointSaver },
): Promise<void> {
  if (assignment.rank !== 0) return;
  const files = adapter ? { ...(await adapterFiles(adapter, assignment.spec.model)) } : {};
  await saver.save({ step, state, adapter: files, metrics: progress.metrics() });
}

type Progress = ReturnType<typeof createProgress>;

/** Keeps the figures of the run as it goes, and reports them. */
function createProgress({ assignment, examples }: TrainingRun, { reporter, clock, residentBytes }: TrainingContext) {
  const startedAt = clock.now();
  const throughput = createThroughput(startedAt);
  const { totalSteps, batchSize } = assignment.spec.training;
  let last: StepEvent | null = null;
  let firstStep = totalSteps + 1;
  let tokens = 0;
  let peakMemoryBytes = residentBytes();
  let evaluation: { step: number; figures: LossFigures } | null = null;
  return {
    get step() {
      return last?.step ?? 0;
    },
    report(event: StepEvent): void {
      const at = clock.now();
      const memoryBytes = residentBytes();
      last = event;
      firstStep = Math.min(firstStep, event.step);
      tokens += event.tokens;
      peakMemoryBytes = Math.max(peakMemoryBytes, memoryBytes);
      const { step, epoch, trainLoss, learningRate, gradNorm } = event;
      const elapsedMs = assignment.elapsedMs + at.getTime() - startedAt.getTime();
      const rates = { tokens: event.tokens, tokensPerSecond: throughput.add(event.tokens, at), memoryBytes, elapsedMs, at };
      if (assignment.rank === 0) reporter.report({ type: 'step', step, epoch, trainLoss, learningRate, gradNorm, ...rates });
    },
    evaluated({ step, evalLoss, tokenAccuracy }: Extract<TrainEvent, { type: 'evaluation' }>): void {
      evaluation = { step, figures: { loss: evalLoss, tokenAccuracy } };
      reporter.report({ type: 'evaluation', step, evalLoss, tokenAccuracy, at: clock.now() });
    },
    metrics(): Record<string, number> {
      return { ...(last && { trainLoss: last.trainLoss }), ...(evaluation && { evalLoss: evaluation.figures.loss }) };
    },
    summary(step: number) {
      // Steps of earlier attempts saw other rows of the same data: exact over whole epochs, the mean in between.
      const tokensPerRow = tokensOf(examples) / examples.length;
      const earlierTokens = Math.round((firstStep - 1) * batchSize * tokensPerRow);
      const lastEvaluation = evaluation?.step === step ? evaluation.figures : undefined;
      return { step, trainedTokens: earlierTokens + tokens, lastEvaluation, peakMemoryBytes };
    },
  };
}
