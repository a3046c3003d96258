import type { EvaluationFigures } from '@capstan/core';
import { type Adapter, meanRouge } from '@capstan/trainer';
import type { TrainingRun } from '../training/prepare-run.ts';
import { type Answers, generateAnswers } from './generate-answers.ts';
import { type LossFigures, measureLoss } from './measure-loss.ts';

/** Rows shown to people before and after. */
export const SAMPLE_ROWS = 3;

export interface RunEvaluation {
  /** Null without a validation set, or where the job asked for none. */
  figures: EvaluationFigures | null;
  /** Of the first rows: those that are scored, and at least those that are shown. */
  answers: Answers;
}

/**
 * Measures the base (without `adapter`) or what has been trained, over the same rows each time. `known` spares the loss where the
 * trainer has just measured it.
 */
export async function evaluateRun(
  run: TrainingRun,
  { adapter, known, signal }: { adapter: Adapter | undefined; known?: LossFigures | undefined; signal: AbortSignal },
): Promise<RunEvaluation> {
  const { model, tokenizer, clock, evaluation, assignment } = run;
  const { training, generation: decoding, preference } = assignment.spec;
  const { rougeRows, maxTargetTokens: maxTokens } = training;
  const { rows, questions, lossExamples } = evaluation;
  const answers = await generateAnswers(questions, { model, adapter, tokenizer, maxTokens, decoding, clock, signal });
  if (lossExamples.length === 0) return { figures: null, answers };
  const { loss, tokenAccuracy } = known ?? (await measureLoss({ model, adapter }, lossExamples, { preference, signal }));
  const pairs = answers.texts.slice(0, rougeRows).map((prediction, index) => ({ prediction, reference: rows[index]?.target ?? '' }));
  return { figures: { loss, tokenAccuracy, ...meanRouge(pairs), rows: lossExamples.length }, answers };
}
