import { readFileSync } from 'node:fs';
import type { GenerateOptions } from '../decoding/options.ts';
import { penalizeRepetition } from '../decoding/penalize-repetition.ts';
import { filteredDistribution } from '../decoding/sample-token.ts';
import { generateBatch } from '../generate.ts';
import { loadModel } from '../model.ts';
import { readCase } from './read-case.ts';

/** What reference/generation.py saw transformers do. */
export interface GenerationGolden {
  newTokens: number;
  generations: Generation[];
  distributions: Distribution[];
}

interface Generation {
  case: string;
  settings: Partial<GenerateOptions>;
  /** Of every example of the case. */
  ids: number[][];
}

interface Distribution {
  logits: number[];
  history: number[];
  filters: { temperature: number; topK: number; topP: number; repetitionPenalty: number };
  /** Of the whole vocabulary, 0 where a filter took a token out. */
  probabilities: number[];
}

export function readGenerationGolden(file: string): GenerationGolden {
  return JSON.parse(readFileSync(file, 'utf8')) as GenerationGolden;
}

/** Rows of one case, over all its settings, whose generated ids differ: each with its settings. */
export async function differentTexts(goldenFolder: string, name: string, { newTokens, generations }: GenerationGolden): Promise<string[]> {
  const { model: files, examples } = readCase(goldenFolder, name);
  const model = loadModel(files);
  const different: string[] = [];
  for (const { settings, ids } of generations.filter((one) => one.case === name)) {
    const inputs = examples.map(({ inputIds }) => inputIds);
    const answers = await generateBatch(model, undefined, inputs, { maxTokens: newTokens, ...settings });
    for (const [row, answer] of answers.entries())
      if (answer.join() !== ids[row]?.join()) different.push(`${JSON.stringify(settings)}: ${answer.join()} for ${ids[row]?.join()}`);
  }
  model.dispose();
  return different;
}

/** The largest difference of a probability, or infinity where other tokens are left. */
export function distributionDistance({ logits, history, filters, probabilities }: Distribution): number {
  const scores = Float32Array.from(logits);
  penalizeRepetition(scores, history, filters.repetitionPenalty);
  const ours = filteredDistribution(scores, filters);
  if (ours.ids.length !== probabilities.filter((probability) => probability > 0).length) return Number.POSITIVE_INFINITY;
  return Math.max(...ours.ids.map((id, rank) => Math.abs((ours.probabilities[rank] as number) - (probabilities[id] as number))));
}
