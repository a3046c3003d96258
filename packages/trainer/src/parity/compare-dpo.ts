import { readFileSync } from 'node:fs';
import { loadAdapter } from '../adapter-files.ts';
import type { TokenizedExample } from '../batches.ts';
import { evaluate } from '../evaluate.ts';
import { loadModel } from '../model.ts';
import { train } from '../train.ts';
import { readCase } from './read-case.ts';

/** What reference/dpo.py computed with the adapter of one golden case. */
export interface DpoGolden {
  case: string;
  beta: number;
  learningRate: number;
  pairs: { inputIds: number[]; labels: number[]; rejectedLabels: number[] }[];
  /** Of every step, before it. */
  losses: number[];
  /** The share of pairs that are told right, likewise. */
  rights: number[];
}

export function readDpoGoldens(file: string): DpoGolden[] {
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: DpoGolden[] }).cases;
}

export function pairsOf({ pairs }: DpoGolden): TokenizedExample[] {
  return pairs.map(({ inputIds, labels, rejectedLabels }) => ({
    inputIds: Int32Array.from(inputIds),
    labels: Int32Array.from(labels),
    rejectedLabels: Int32Array.from(rejectedLabels),
  }));
}

/** How far the loss and the share of right pairs are at first, and how far the loss is at worst while it is trained. */
export async function compareDpo(goldenFolder: string, golden: DpoGolden, microBatchSize: number) {
  const files = readCase(goldenFolder, golden.case);
  const model = loadModel(files.model);
  const adapter = loadAdapter(model, files.adapter);
  const pairs = pairsOf(golden);
  const preference = { beta: golden.beta };
  const first = await evaluate(model, adapter, pairs, { preference });
  const schedule = { totalSteps: golden.losses.length, warmupSteps: 0, learningRate: golden.learningRate, decay: 'constant' as const };
  const rhythm = { batchSize: pairs.length, microBatchSize, evalEverySteps: null, checkpointEverySteps: 0, seed: 0 };
  const limits = { maxGradNorm: 1, weightDecay: 0 };
  const distances: number[] = [];
  for await (const event of train({ model, adapter, preference, train: pairs, validation: [], schedule, ...rhythm, ...limits })) {
    if (event.type === 'step') distances.push(Math.abs(event.trainLoss - (golden.losses[event.step - 1] as number)));
  }
  adapter.dispose();
  model.dispose();
  return {
    first: Math.max(Math.abs(first.loss - (golden.losses[0] as number)), distances[0] as number),
    right: Math.abs(first.tokenAccuracy - (golden.rights[0] as number)),
    worst: Math.max(...distances),
  };
}
