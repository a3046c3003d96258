import { type Clock, type DatasetRow, type RankAssignment, toSourceTarget } from '@capstan/core';
import { classesOf, type ExampleEncoder, loadTokenizer, type Tokenizer } from '@capstan/datasets';
import { type Adapter, createAdapter, initModel, loadModel, type Model, readTask, type TokenizedExample } from '@capstan/trainer';
import type { ArtifactCache } from '../artifacts/artifact-cache.ts';
import { fetchModelFiles } from '../artifacts/fetch-model-files.ts';
import { makeEncoder } from '../artifacts/make-encoder.ts';
import { SAMPLE_ROWS } from '../evaluation/evaluate-run.ts';
import { readRows } from './read-rows.ts';
import { tokeniseRows } from './tokenise-rows.ts';

/** All that training works on, in memory. */
export interface TrainingRun {
  assignment: RankAssignment;
  clock: Clock;
  model: Model;
  /** Absent where every weight trains. */
  adapter: Adapter | undefined;
  /** The base's config.json. */
  config: Uint8Array;
  tokenizer: Tokenizer;
  examples: TokenizedExample[];
  evaluation: EvaluationRows;
}

interface EvaluationRows {
  /** As text and as what the model is asked, the same rows in the same order: scored by generation, and shown as samples. */
  rows: { source: string; target: string }[];
  questions: Int32Array[];
  /** For the loss; none without a validation set. */
  lossExamples: TokenizedExample[];
}

/** Fetches, checks and tokenises everything that the assignment names. Rejects with the signal's reason. */
export async function prepareRun(
  assignment: RankAssignment,
  { cache, clock, signal }: { cache: ArtifactCache; clock: Clock; signal: AbortSignal },
): Promise<TrainingRun> {
  const { spec, baseModel, trainingFile, validationFile } = assignment;
  const files = await fetchModelFiles(baseModel, cache, { signal });
  const tokenizer = loadTokenizer(files.tokenizer);
  const trainingRows = await readRows(trainingFile, cache, { signal });
  const validationRows = validationFile && (await readRows(validationFile, cache, { signal }));
  const labels = readTask(files.config).type === 'SEQ_CLS' ? classesOf(trainingRows) : undefined;
  const encoder = makeEncoder(files, { tokenizer, labels: labels ?? [] });
  const tokenise = (rows: DatasetRow[]) => tokeniseRows(rows, { encoder, limits: spec.training, signal });
  const examples = await tokenise(trainingRows);
  const rows = { training: trainingRows, validation: validationRows };
  const evaluation = await prepareEvaluation(rows, assignment, { tokenise, encoder });
  const model = spec.init === 'random' ? initModel(files.config, spec.seed, { labels }) : loadModel(files, { labels, seed: spec.seed });
  const adapter = spec.method === 'lora' ? createAdapter(model, spec.lora, spec.seed) : undefined;
  return { assignment, clock, model, adapter, config: files.config, tokenizer, examples, evaluation };
}

/** Without a validation set there is nothing to score, but the first training rows can still be shown before and after. */
async function prepareEvaluation(
  { training, validation }: { training: DatasetRow[]; validation: DatasetRow[] | null },
  { spec }: RankAssignment,
  { tokenise, encoder }: { tokenise: (rows: DatasetRow[]) => Promise<TokenizedExample[]>; encoder: ExampleEncoder },
): Promise<EvaluationRows> {
  const { evalRows, rougeRows } = spec.training;
  const shown = (validation ?? training).slice(0, Math.max(SAMPLE_ROWS, validation ? rougeRows : 0));
  return {
    rows: shown.map(toSourceTarget),
    questions: shown.map((row) => encoder.encodeQuestion(row, spec.training)),
    lossExamples: await tokenise(validation?.slice(0, evalRows) ?? []),
  };
}
