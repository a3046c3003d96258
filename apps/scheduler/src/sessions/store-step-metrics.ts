import { randomBytes } from 'node:crypto';
import { makeId, type NewResultFile, type StepMetric } from '@capstan/db';
import type { SchedulerContext } from '../scheduler-context.ts';

/** OpenAI's columns first, in its order; nothing measures the accuracy on training rows. */
const COLUMNS: [name: string, of: (metric: StepMetric) => number | null][] = [
  ['step', ({ step }) => step],
  ['train_loss', ({ trainLoss }) => trainLoss],
  ['train_accuracy', () => null],
  ['valid_loss', ({ evalLoss }) => evalLoss],
  ['valid_mean_token_accuracy', ({ tokenAccuracy }) => tokenAccuracy],
  ['learning_rate', ({ learningRate }) => learningRate],
  ['grad_norm', ({ gradNorm }) => gradNorm],
  ['tokens', ({ tokens }) => tokens],
];
const PAGE = 5_000;

/** Stores the metrics of all steps as a CSV file, for the transaction that ends the job to name. Without that it is swept away. */
export async function storeStepMetrics(
  jobId: string,
  { db, artifacts }: Pick<SchedulerContext, 'db' | 'artifacts'>,
): Promise<NewResultFile> {
  async function* lines(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`${COLUMNS.map(([name]) => name).join(',')}\n`);
    for (let after = -1; ; ) {
      const metrics = await db.metrics.listBySteps(jobId, { after, limit: PAGE });
      yield Buffer.from(metrics.map(toLine).join(''));
      if (metrics.length < PAGE) return;
      after = metrics.at(-1)?.step ?? after;
    }
  }
  return { id: makeId('file', randomBytes), filename: 'step_metrics.csv', ...(await artifacts.put(lines())) };
}

function toLine(metric: StepMetric): string {
  return `${COLUMNS.map(([, of]) => of(metric) ?? '').join(',')}\n`;
}
