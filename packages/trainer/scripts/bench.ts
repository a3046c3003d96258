/**
 * The trainer's speed as ratios, same weights, same data, same number of threads, in turns with the peer:
 *
 *   npm run bench:trainer [-- --python INTERPRETER --rounds N --only step,wasm,job,generate]
 *
 * Stock TensorFlow.js is always a peer; torch, transformers and peft where Python has them. Medians count.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initBackend } from '../src/index.ts';
import { type Comparison, type Contender, compare, startContender } from './bench/contender.ts';
import { writeJob, writeModel } from './bench/folders.ts';
import { SIZES } from './bench/sizes.ts';
import { findPython } from './parity/python.ts';

const MEASURE = fileURLToPath(new URL('./bench/measure.ts', import.meta.url));
const REFERENCE = fileURLToPath(new URL('../reference/bench.py', import.meta.url));

const rounds = Number(option('--rounds') ?? 5);
const only = option('--only')?.split(',');
const python = findPython(process.argv);
const { name: backend } = await initBackend();
const work = mkdtempSync(join(tmpdir(), 'capstan-bench-'));

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
}

const isWanted = (part: string) => only?.includes(part) ?? true;
const ours = (on: string, what: string, folder: string) => startContender(process.execPath, ['--import', 'tsx', MEASURE, on, what, folder]);
const torch = (what: string, folder: string): Contender | null =>
  python === null ? null : startContender(python, [REFERENCE, what, folder]);
const ratio = (own: number, peer: number | undefined) => (peer === undefined ? null : Math.round((own / peer) * 100) / 100);

interface Figures {
  stepRatios: Record<string, number | null>;
  peakMemoryRatio: number | null;
}

async function measureSteps(): Promise<Figures> {
  const figures: Figures = { stepRatios: {}, peakMemoryRatio: null };
  for (const [size, config] of Object.entries(SIZES)) {
    const folder = await writeModel(work, `step-${size}`, config);
    const { own, peer } = await compare(ours(backend, 'step', folder), torch('step', folder), rounds);
    figures.stepRatios[size] = peer === null ? null : ratio(peer.value, own.value);
    figures.peakMemoryRatio = ratio(own.peakBytes, peer?.peakBytes);
    say(`step at ${size}, ms`, { own, peer });
    console.log(`  peak memory, MB: ${megabytes(own.peakBytes)}${peer ? `, peer ${megabytes(peer.peakBytes)}` : ''}`);
  }
  return figures;
}

async function measureWasm(): Promise<number | null> {
  const folder = await writeModel(work, 'wasm', SIZES.d256);
  const comparison = await compare(ours('wasm', 'step', folder), ours('stock', 'step', folder), 2);
  say('step at d256 under WebAssembly against stock, ms', comparison);
  return ratio(comparison.peer?.value ?? Number.NaN, comparison.own.value);
}

async function measureRate(what: 'job' | 'generate', title: string): Promise<number | null> {
  const folder = what === 'job' ? writeJob(work) : await writeModel(work, 'generate', SIZES['flan-t5-small']);
  const comparison = await compare(ours(backend, what, folder), torch(what, folder), rounds);
  say(title, comparison);
  return ratio(comparison.own.value, comparison.peer?.value);
}

function say(title: string, { own, peer }: Comparison): void {
  console.log(`${title}: ${own.value.toFixed(1)}${peer ? `, peer ${peer.value.toFixed(1)}` : ''}`);
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

try {
  console.log(
    `Backend ${backend}; ${python === null ? 'Python has no torch, transformers and peft' : 'torch, transformers and peft by its side'}.`,
  );
  const steps: Figures = isWanted('step') ? await measureSteps() : { stepRatios: {}, peakMemoryRatio: null };
  const wasmRatio = isWanted('wasm') ? await measureWasm() : null;
  const jobRatio = isWanted('job') ? await measureRate('job', 'whole job, samples/s') : null;
  const generateRatio = isWanted('generate') ? await measureRate('generate', 'generation at flan-t5-small, tokens/s') : null;
  const stepRatio = steps.stepRatios['flan-t5-small'] ?? null;
  console.log(JSON.stringify({ script: 'bench:trainer', backend, stepRatio, jobRatio, generateRatio, wasmRatio, ...steps }));
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exit(0);
