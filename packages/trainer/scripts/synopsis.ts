/**
 * Measures the trainer on the one-line-summary task: loss, ROUGE and speed before and after a short LoRA run, against what
 * transformers and peft reach in the same setting. Usage: tsx scripts/synopsis.ts MODEL_DIRECTORY DATASET_DIRECTORY [steps]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { backendMemory, initBackend } from '../src/backend.ts';
import { evaluate } from '../src/evaluate.ts';
import { generateBatch } from '../src/generate.ts';
import { createAdapter } from '../src/lora.ts';
import { loadModel } from '../src/model.ts';
import { meanRouge } from '../src/rouge.ts';
import { train } from '../src/train.ts';

const [modelDirectory = '', datasetDirectory = '', steps = '200'] = process.argv.slice(2);
const read = (directory: string, file: string) => readFileSync(join(directory, file));
const json = (file: string) => JSON.parse(read(modelDirectory, file).toString());
const tokenizer = new Tokenizer(json('tokenizer.json'), {});
const rows = (file: string) =>
  read(datasetDirectory, file)
    .toString()
    .trim()
    .split('\n')
    .map((line) => {
      const [user, assistant] = JSON.parse(line).messages;
      return { source: user.content as string, target: assistant.content as string };
    });
const encodeIds = (text: string, max: number) => {
  const ids = tokenizer.encode(text, { add_special_tokens: false }).ids.slice(0, max - 1);
  return Int32Array.from([...ids, 1]);
};
const examples = (file: string, count: number) =>
  rows(file)
    .slice(0, count)
    .map(({ source, target }) => ({ inputIds: encodeIds(source, 192), labels: encodeIds(target, 64), target }));
const seconds = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const begin = performance.now();
  const result = await work();
  console.log(`${name}: ${((performance.now() - begin) / 1000).toFixed(2)} s`);
  return result;
};

console.log(await initBackend());
const model = loadModel({ config: read(modelDirectory, 'config.json'), weights: read(modelDirectory, 'model.safetensors') });
const training = await seconds('tokenise', async () => examples('train.jsonl', Number(steps) * 8 + 2000));
const validation = examples('valid.jsonl', 500);
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
console.log('mean source', mean(training.map((e) => e.inputIds.length)), 'target', mean(training.map((e) => e.labels.length)));
console.log('base 200:', await seconds('eval 200', () => evaluate(model, undefined, validation.slice(0, 200))));
const adapter = createAdapter(model, { r: 16, alpha: 32, dropout: 0, targetModules: 'all-linear' }, 0);
const references = validation.slice(0, 200);
const summarise = async (name: string, over: typeof adapter | undefined) => {
  const answers = await seconds(`${name}: generate 200`, () =>
    generateBatch(
      model,
      over,
      references.map((e) => e.inputIds),
      { maxTokens: 32 },
    ),
  );
  const predictions = answers.map((ids) => tokenizer.decode([...ids], { skip_special_tokens: true }));
  console.log(
    name,
    meanRouge(predictions.map((prediction, i) => ({ prediction, reference: references[i]?.target }))),
    predictions.slice(0, 3),
  );
  console.log(
    'tokens',
    answers.reduce((sum, ids) => sum + ids.length + 1, 0),
    backendMemory(),
  );
};
await summarise('base', undefined);
const totalSteps = Number(steps);
const begin = performance.now();
for await (const event of train({
  model,
  adapter,
  train: training,
  validation: validation.slice(0, 200),
  schedule: { totalSteps, warmupSteps: Math.round(totalSteps / 20), learningRate: 2e-3, decay: 'linear' },
  batchSize: 8,
  microBatchSize: 8,
  maxGradNorm: 1,
  weightDecay: 0,
  seed: 0,
  evalEverySteps: null,
  checkpointEverySteps: 0,
})) {
  if (event.type === 'step' && (event.step <= 3 || event.step % 20 === 0)) {
    const rate = (event.step * 8) / ((performance.now() - begin) / 1000);
    console.log(event.step, event.trainLoss.toFixed(3), event.gradNorm.toFixed(2), rate.toFixed(1), 'samples/s', backendMemory());
  }
}
console.log('adapter 200:', await seconds('eval 200', () => evaluate(model, adapter, validation.slice(0, 200))));
await summarise('adapter', adapter);
