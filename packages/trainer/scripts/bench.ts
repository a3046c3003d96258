/**
 * The trainer's speed as ratios, same weights, same data, same number of threads, one process for each measurement:
 *
 *   npm run bench:trainer [-- --python INTERPRETER --rounds N]
 *
 * Stock TensorFlow.js is always the peer; torch, transformers and peft where Python has them. Rounds alternate, and the best of each counts.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tokenizer } from '@huggingface/tokenizers';
import { initBackend, initModel, modelFiles } from '../src/index.ts';
import { SIZES } from './bench/sizes.ts';
import { findPython, runPython } from './parity/python.ts';

const MEASURE = fileURLToPath(new URL('./bench/measure.ts', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url));
const JOB_ROWS = 240;
const [SOURCE_TOKENS, TARGET_TOKENS] = [192, 48];
const EOS = 1;

interface Measurement {
  value: number;
  peakBytes: number;
}

const at = process.argv.indexOf('--rounds');
const rounds = at === -1 ? 2 : Number(process.argv[at + 1]);
const python = findPython(process.argv);
const { name: backend } = await initBackend();
const work = mkdtempSync(join(tmpdir(), 'capstan-bench-'));

function ours(on: string, what: string, folder: string, steps = 6): Measurement {
  const out = execFileSync(process.execPath, ['--import', 'tsx', MEASURE, on, what, folder, String(steps)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(out.trim().split('\n').at(-1) ?? '') as Measurement;
}

/** The best of the rounds of each side, measured in turns. */
function compare(what: string, folder: string, { lower }: { lower: boolean }): { own: Measurement; torch: Measurement | null } {
  const best = (all: Measurement[]) => all.reduce((a, b) => (lower === a.value < b.value ? a : b));
  const own: Measurement[] = [];
  const torch: Measurement[] = [];
  for (let round = 0; round < rounds; round++) {
    own.push(ours(backend, what, folder));
    if (python !== null) torch.push(JSON.parse(runPython(python, 'bench.py', [what, folder])) as Measurement);
  }
  return { own: best(own), torch: torch.length > 0 ? best(torch) : null };
}

function writeModel(name: string, config: object): string {
  const folder = join(work, name);
  mkdirSync(folder);
  const bytes = new TextEncoder().encode(JSON.stringify(config));
  const model = initModel(bytes, 1);
  writeFileSync(join(folder, 'config.json'), bytes);
  writeFileSync(join(folder, 'model.safetensors'), modelFiles(model)['model.safetensors']);
  model.dispose();
  return folder;
}

/** The example model and the first rows of the example data, with their real lengths. */
function writeJob(): string {
  const folder = join(work, 'job');
  mkdirSync(folder);
  for (const file of ['config.json', 'model.safetensors']) writeFileSync(join(folder, file), readFileSync(join(EXAMPLES, 't5-nano', file)));
  const tokenizer = new Tokenizer(JSON.parse(readFileSync(join(EXAMPLES, 't5-nano', 'tokenizer.json'), 'utf8')), {});
  const tokenize = (text: string, limit: number) => [...tokenizer.encode(text, { add_special_tokens: false }).ids.slice(0, limit - 1), EOS];
  const lines = readFileSync(join(EXAMPLES, 'debian-synopsis', 'train.jsonl'), 'utf8').split('\n', JOB_ROWS);
  const rows = lines.map((line) => {
    const [user, assistant] = (JSON.parse(line) as { messages: [{ content: string }, { content: string }] }).messages;
    return { inputIds: tokenize(user.content, SOURCE_TOKENS), labels: tokenize(assistant.content, TARGET_TOKENS) };
  });
  writeFileSync(join(folder, 'rows.json'), JSON.stringify(rows));
  return folder;
}

const ratio = (own: number, peer: number | undefined) => (peer === undefined ? null : Math.round((own / peer) * 100) / 100);

try {
  console.log(
    `Backend ${backend}; ${python === null ? 'Python has no torch, transformers and peft' : 'torch, transformers and peft by its side'}.`,
  );
  const steps: Record<string, number | null> = {};
  let wasmRatio: number | null = null;
  let peakMemoryRatio: number | null = null;
  for (const [size, config] of Object.entries(SIZES)) {
    const folder = writeModel(size, config);
    const { own, torch } = compare('step', folder, { lower: true });
    steps[size] = torch === null ? null : ratio(torch.value, own.value);
    peakMemoryRatio = torch === null ? null : ratio(own.peakBytes, torch.peakBytes);
    console.log(`step at ${size}: ${own.value.toFixed(0)} ms${torch ? `, torch ${torch.value.toFixed(0)} ms` : ''}`);
    if (size !== 'd256') continue;
    const [fixed, stock] = [ours('wasm', 'step', folder, 4), ours('stock', 'step', folder, 3)];
    wasmRatio = ratio(stock.value, fixed.value);
    console.log(`  WebAssembly: ${fixed.value.toFixed(0)} ms, stock ${stock.value.toFixed(0)} ms`);
  }
  const job = compare('job', writeJob(), { lower: false });
  console.log(`whole job: ${job.own.value.toFixed(1)} samples/s${job.torch ? `, Trainer ${job.torch.value.toFixed(1)}` : ''}`);
  const made = compare('generate', join(work, 'flan-t5-small'), { lower: false });
  console.log(`generation: ${made.own.value.toFixed(0)} tokens/s${made.torch ? `, generate ${made.torch.value.toFixed(0)}` : ''}`);
  const summary = {
    script: 'bench:trainer',
    backend,
    stepRatio: steps['flan-t5-small'] ?? null,
    stepRatios: steps,
    jobRatio: ratio(job.own.value, job.torch?.value),
    generateRatio: ratio(made.own.value, made.torch?.value),
    wasmRatio,
    peakMemoryRatio,
  };
  console.log(JSON.stringify(summary));
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exit(0);
