import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { epochBatches } from '../../src/batches.ts';
import { adapterFiles, createAdapter, evaluate, loadModel, type TokenizedExample, train } from '../../src/index.ts';
import { runPython } from './python.ts';

const STEPS = 200;
const BATCH = 16;
const TOKENS = 96;
const VALIDATION_ROWS = 600;
const LEARNING_RATE = 1e-3;
const SEED = 0;

export interface SectionsResult {
  /** Share of the first rows of the validation set that get their class. */
  ours: number;
  peft: number | null;
}

/** A classifier over real weights learns the sections of Debian's packages: the same rows in the same order, here and in peft. */
export async function compareSections(
  python: string | null,
  { model: modelFolder, data, work }: { model: string; data: string; work: string },
): Promise<SectionsResult> {
  const file = (name: string) => readFileSync(join(modelFolder, name));
  const rows = (name: string) =>
    readFileSync(join(data, name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { text: string; label: string });
  const [trainRows, validRows] = [rows('train.jsonl'), rows('valid.jsonl').slice(0, VALIDATION_ROWS)];
  const labels = [...new Set(trainRows.map(({ label }) => label))].sort();
  const tokenizer = new Tokenizer(JSON.parse(file('tokenizer.json').toString()), {});
  const tokenize = ({ text, label }: { text: string; label: string }): TokenizedExample => {
    const { ids } = tokenizer.encode(text);
    const cut = ids.length <= TOKENS ? ids : [...ids.slice(0, TOKENS - 1), ids.at(-1) as number];
    return { inputIds: Int32Array.from(cut), labels: Int32Array.of(labels.indexOf(label)) };
  };
  const order = trainRows.slice(0, STEPS * BATCH).map(tokenize);
  const validation = validRows.map(tokenize);
  const model = loadModel({ config: file('config.json'), weights: file('model.safetensors') }, { labels, seed: SEED });
  const adapter = createAdapter(model, { r: 8, alpha: 16, dropout: 0, targetModules: ['query', 'value'] }, SEED);
  mkdirSync(work, { recursive: true });
  for (const [path, bytes] of Object.entries(await adapterFiles(adapter, 'base'))) writeFileSync(join(work, path), bytes);
  const batches = epochBatches(order, { batchSize: BATCH, seed: SEED, epoch: 0, taskType: 'SEQ_CLS' });
  const plain = ({ inputIds, labels: ids }: TokenizedExample) => ({ inputIds: [...inputIds], labels: [...ids] });
  const planned = batches.map((batch) => batch.map((index) => plain(order[index] as TokenizedExample)));
  const plan = { labels, threads: 2, learningRate: LEARNING_RATE, batches: planned, validation: validation.map(plain) };
  writeFileSync(join(work, 'plan.json'), JSON.stringify(plan));

  const schedule = { totalSteps: STEPS, warmupSteps: 0, learningRate: LEARNING_RATE, decay: 'linear' as const };
  const rhythm = { batchSize: BATCH, microBatchSize: BATCH, evalEverySteps: null, checkpointEverySteps: 0, seed: SEED };
  const losses: number[] = [];
  const begin = performance.now();
  for await (const event of train({
    model,
    adapter,
    train: order,
    validation: [],
    schedule,
    ...rhythm,
    maxGradNorm: 1,
    weightDecay: 0,
    dropout: 0,
  }))
    if (event.type === 'step') losses.push(event.trainLoss);
  console.log(
    `sections: ${((STEPS * BATCH) / ((performance.now() - begin) / 1e3)).toFixed(1)} samples/s, loss ${losses.at(-1)?.toFixed(3)}`,
  );
  const { tokenAccuracy: ours } = await evaluate(model, adapter, validation);
  for (const made of [adapter, model]) made.dispose();
  if (python === null) return { ours, peft: null };
  const answer = JSON.parse(runPython(python, 'sections.py', [modelFolder, work])) as {
    accuracy: number;
    losses: number[];
    samplesPerSecond: number;
  };
  const apart = answer.losses.reduce((most, loss, i) => Math.max(most, Math.abs(loss - (losses[i] as number))), 0);
  console.log(`peft: ${answer.samplesPerSecond.toFixed(1)} samples/s, losses at most ${apart.toExponential(1)} apart`);
  return { ours, peft: answer.accuracy };
}
