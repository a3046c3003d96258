import type { ArtifactRef, EvaluationFigures, JobResult } from '@capstan/core';
import { adapterFiles, modelFiles } from '@capstan/trainer';
import { findFile } from '../artifacts/fetch-model-files.ts';
import { uploadFiles } from '../artifacts/upload-files.ts';
import { evaluateRun, SAMPLE_ROWS } from '../evaluation/evaluate-run.ts';
import type { TrainingRun } from './prepare-run.ts';
import type { TrainingEnd } from './train-loop.ts';
import type { TrainingContext } from './training-context.ts';

/** What the base did before training. */
export interface BaseOutcome {
  figures: EvaluationFigures | null;
  outputs: string[];
}

export interface FinishedRun {
  run: TrainingRun;
  base: BaseOutcome;
  trained: TrainingEnd;
  backend: string;
}

/** Measures what was trained, stores it and reports success; ranks other than 0, which hold the same, only say goodbye. */
export async function finishRun(finished: FinishedRun, context: TrainingContext): Promise<void> {
  if (finished.run.assignment.rank === 0) return reportSuccess(finished, context);
  const { backend, trained } = finished;
  const result: JobResult = { ...NOTHING_MEASURED, backend, peakMemoryBytes: trained.peakMemoryBytes };
  context.reporter.report({ type: 'succeeded', model: [], trainedTokens: trained.trainedTokens, result });
}

const NOTHING_MEASURED = { base: null, adapter: null, samples: [], generationTokensPerSecond: null };

async function reportSuccess({ run, base, trained, backend }: FinishedRun, context: TrainingContext): Promise<void> {
  const { reporter, control, clock, residentBytes } = context;
  reporter.report({ type: 'phase', phase: 'evaluating' });
  const { figures, answers } = await evaluateRun(run, { adapter: run.adapter, known: trained.lastEvaluation, signal: control.stop });
  if (figures && !trained.lastEvaluation) {
    const { loss: evalLoss, tokenAccuracy } = figures;
    reporter.report({ type: 'evaluation', step: trained.step, evalLoss, tokenAccuracy, at: clock.now() });
  }
  reporter.report({ type: 'phase', phase: 'saving' });
  const model = await saveModel(run, context);
  const result: JobResult = {
    base: base.figures,
    adapter: figures,
    samples: samplesOf(run, base.outputs, answers.texts),
    generationTokensPerSecond: answers.tokensPerSecond,
    backend,
    peakMemoryBytes: Math.max(trained.peakMemoryBytes, residentBytes()),
  };
  reporter.report({ type: 'succeeded', model, trainedTokens: trained.trainedTokens, result });
}

/** The adapter in PEFT's layout, or the whole model with the base's own config and tokenizer. */
async function saveModel(
  { adapter, model, config: baseConfig, assignment }: TrainingRun,
  { connection }: TrainingContext,
): Promise<ArtifactRef[]> {
  const { spec, baseModel } = assignment;
  if (adapter) return uploadFiles({ ...(await adapterFiles(adapter, spec.model)) }, connection);
  const weights = await uploadFiles({ ...(await modelFiles(model)) }, connection);
  const { labels } = model.config;
  const config = labels
    ? await uploadFiles({ 'config.json': withLabels(baseConfig, labels) }, connection)
    : [findFile(baseModel, 'config.json')];
  return [...weights, ...config, findFile(baseModel, 'tokenizer.json')];
}

function samplesOf({ evaluation }: TrainingRun, before: string[], after: string[]): JobResult['samples'] {
  return evaluation.rows.slice(0, SAMPLE_ROWS).map(({ source, target }, index) => ({
    prompt: source,
    reference: target,
    before: before[index] ?? '',
    after: after[index] ?? '',
  }));
}

/** A classifier's config names the classes that it was trained on. */
function withLabels(config: Uint8Array, labels: readonly string[]): Uint8Array {
  const json = JSON.parse(new TextDecoder().decode(config)) as Record<string, unknown>;
  const id2label = Object.fromEntries(labels.entries());
  const label2id = Object.fromEntries(labels.map((label, id) => [label, id]));
  return new TextEncoder().encode(`${JSON.stringify({ ...json, id2label, label2id }, null, 2)}\n`);
}
