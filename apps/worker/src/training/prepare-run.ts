import { type Clock, type DatasetRow, type RankAssignment, toSourceTarget } from '@capstan/core';
import { classesOf, loadTokenizer, type Tokenizer } from '@capstan/datasets';
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
  /** As text and as ids, the same rows in the same order: scored by generation, and shown as samples. */
  rows: { source: string; target: string }[];
  examples: TokenizedExample[];
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
  const evaluation = await prepareEvaluation({ trainingRows, validationRows }, assignment, tokenise);
  const model = spec.init === 'random' ? initModel(files.config, spec.seed, { labels }) : loadModel(files, { labels, seed: spec.seed });
  const adapter = spec.method === 'lora' ? createAdapter(model, spec.lora, spec.seed) : undefined;
  return { assignment, clock, model, adapter, config: files.config, tokenizer, examples, evaluation };
}

/** Without a validation set there is nothing to score, but the first training rows can still be shown before and after. */
async function prepareEvaluation(
  { trainingRows, validationRows }: { trainingRows: DatasetRow[]; validationRows: DatasetRow[] | null },
  { spec }: RankAssignment,
  tokenise: (rows: DatasetRow[]) => Promise<TokenizedExample[]>,
): Promise<EvaluationRows> {
  const { evalRows, rougeRows } = spec.training;
  const wanted = validationRows ? Math.max(evalRows, rougeRows, SAMPLE_ROWS) : SAMPLE_ROWS;
  const rows = (validationRows ?? trainingRows).slice(0, wanted);
  const examples = await tokenise(rows);
  return { rows: rows.map(toSourceTarget), examples, lossExamples: validationRows ? examples.slice(0, evalRows) : [] };
}
