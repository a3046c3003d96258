/**
 * Measures the trainer on the one-line-summary task: loss, ROUGE, speed and memory before and after a short LoRA run. In the same
 * setting transformers and peft go from a loss of 5.23 to 4.17 and from ROUGE-L 0.064 to 0.244.
 *
 *   npx tsx packages/trainer/scripts/synopsis.ts MODEL_DIRECTORY DATASET_DIRECTORY [steps=200] [threads]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import {
  type Adapter,
  backendMemory,
  createAdapter,
  evaluate,
  generateBatch,
  initBackend,
  loadModel,
  meanRouge,
  train,
} from '../src/index.ts';

const [modelDirectory = '', datasetDirectory = '', steps = '200', threads] = process.argv.slice(2);
const totalSteps = Number(steps);
const BATCH = 8;
const SOURCE_TOKENS = 192;
const TARGET_TOKENS = 64;
const EOS = 1;

interface Row {
  inputIds: Int32Array;
  labels: Int32Array;
  reference: string;
}

const tokenizer = new Tokenizer(JSON.parse(readFileSync(join(modelDirectory, 'tokenizer.json'), 'utf8')), {});

function tokenize(text: string, limit: number): Int32Array {
  return Int32Array.from([...tokenizer.encode(text, { add_special_tokens: false }).ids.slice(0, limit - 1), EOS]);
}

function readRows(file: string, count: number): Row[] {
  const lines = readFileSync(join(datasetDirectory, file), 'utf8').trim().split('\n').slice(0, count);
  return lines.map((line) => {
    const [user, assistant] = (JSON.parse(line) as { messages: [{ content: string }, { content: string }] }).messages;
    const reference = assistant.content;
    return { inputIds: tokenize(user.content, SOURCE_TOKENS), labels: tokenize(reference, TARGET_TOKENS), reference };
  });
}

/** Wall and processor time: on a busy machine only the second means something. */
async function timed<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const [begin, usage] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(usage);
  console.log(`${name}: ${((performance.now() - begin) / 1e3).toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of processor time`);
  return result;
}

console.log(await initBackend({ threads: threads === undefined ? undefined : Number(threads) }));
const model = loadModel({
  config: readFileSync(join(modelDirectory, 'config.json')),
  weights: readFileSync(join(modelDirectory, 'model.safetensors')),
});
const training = await timed('tokenise', async () => readRows('train.jsonl', totalSteps * BATCH + 2000));
const validation = readRows('valid.jsonl', 200);

async function measure(name: string, adapter: Adapter | undefined): Promise<void> {
  const { loss } = await timed(`${name}: loss of ${validation.length} rows`, () => evaluate(model, adapter, validation));
  const inputs = validation.map(({ inputIds }) => inputIds);
  const answers = await timed(`${name}: ${inputs.length} answers`, () => generateBatch(model, adapter, inputs, { maxTokens: 32 }));
  const predictions = answers.map((ids) => tokenizer.decode([...ids], { skip_special_tokens: true }));
  const pairs = validation.map(({ reference }, i) => ({ reference, prediction: predictions[i] ?? '' }));
  console.log(name, { loss, ...meanRouge(pairs) }, predictions.slice(0, 3));
}

async function fineTune(adapter: Adapter): Promise<void> {
  const schedule = { totalSteps, warmupSteps: Math.round(totalSteps / 20), learningRate: 2e-3, decay: 'linear' as const };
  const rhythm = { batchSize: BATCH, microBatchSize: BATCH, evalEverySteps: null, checkpointEverySteps: 0 };
  const events = train({ model, adapter, train: training, validation, schedule, ...rhythm, maxGradNorm: 1, weightDecay: 0, seed: 0 });
  for await (const event of events) {
    if (event.type === 'step' && event.step % 20 === 0) console.log(event.step, event.trainLoss.toFixed(3), event.gradNorm.toFixed(2));
  }
}

await measure('base', undefined);
const adapter = createAdapter(model, { r: 16, alpha: 32, dropout: 0, targetModules: 'all-linear' }, 0);
await timed(`${totalSteps * BATCH} samples`, () => fineTune(adapter));
await measure('adapter', adapter);
console.log(backendMemory(), `${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB at most`);
