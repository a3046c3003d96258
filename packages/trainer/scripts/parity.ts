/**
 * Compares the trainer with transformers and peft: on the golden files always, and live where Python has torch, transformers and peft.
 *
 *   npm run parity [-- --backend NAME --python INTERPRETER --sections MODEL_FOLDER DATA_FOLDER]
 *
 * With --sections a classifier is trained on real rows by both, step for step.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BackendName, initBackend, learningRateAt, type Schedule } from '../src/index.ts';
import { type Comparison, compareCase } from '../src/parity/compare-case.ts';
import { compareDpo, readDpoGoldens } from '../src/parity/compare-dpo.ts';
import { differentTexts, distributionDistance, readGenerationGolden } from '../src/parity/compare-generation.ts';
import { readCase } from '../src/parity/read-case.ts';
import { openInPeft } from './parity/open-in-peft.ts';
import { findPython, runPython } from './parity/python.ts';
import { compareSections, type SectionsResult } from './parity/sections.ts';

const REFERENCE = fileURLToPath(new URL('../reference', import.meta.url));
const GOLDEN = join(REFERENCE, 'golden');
const LIMITS: Comparison = { logit: 1e-4, gradient: 1e-4, loss: 1e-3, generated: 0 };

const worst: Comparison = { logit: 0, gradient: 0, loss: 0, generated: 0 };
let compared = 0;
let failed = 0;

function count(name: string, ok: boolean, detail: string): void {
  compared += 1;
  if (!ok) failed += 1;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}: ${detail}`);
}

async function compareGeneration(file: string, origin: string): Promise<void> {
  const golden = readGenerationGolden(file);
  for (const name of new Set(golden.generations.map((one) => one.case))) {
    const different = await differentTexts(GOLDEN, name, golden);
    count(`${origin} texts of ${name}`, different.length === 0, `${different.length} rows generated otherwise`);
  }
  const distance = Math.max(...golden.distributions.map(distributionDistance));
  count(`${origin} filters`, distance < 1e-6, `probabilities ${distance.toExponential(1)}`);
}

async function compareAllDpo(file: string, origin: string): Promise<void> {
  for (const golden of readDpoGoldens(file)) {
    const { first, worst } = await compareDpo(GOLDEN, golden, golden.pairs.length);
    count(
      `${origin} DPO of ${golden.case}`,
      first < 1e-5 && worst < 1e-3,
      `loss ${first.toExponential(1)}, losses ${worst.toExponential(1)}`,
    );
  }
}

function compareSchedules(file: string, origin: string): void {
  const { schedules } = JSON.parse(readFileSync(file, 'utf8')) as { schedules: { schedule: Schedule; rates: number[] }[] };
  const distances = schedules.flatMap(({ schedule, rates }) => rates.map((rate, i) => Math.abs(rate - learningRateAt(i + 1, schedule))));
  count(`${origin} schedules`, Math.max(...distances) < 1e-15, `rates ${Math.max(...distances).toExponential(1)}`);
}

async function compareFolder(folder: string, origin: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    const comparison = await compareCase(readCase(folder, name));
    for (const key of Object.keys(worst) as (keyof Comparison)[]) worst[key] = Math.max(worst[key], comparison[key]);
    const ok = (Object.keys(LIMITS) as (keyof Comparison)[]).every((key) => comparison[key] <= LIMITS[key]);
    const { logit, gradient, loss, generated } = comparison;
    const figures = `logits ${logit.toExponential(1)}, gradients ${gradient.toExponential(1)}, losses ${loss.toExponential(1)}`;
    count(`${origin} ${name}`, ok, `${figures}, ${generated} rows generated otherwise`);
  }
}

function sectionsFolders(): [string, string] | null {
  const at = process.argv.indexOf('--sections');
  return at === -1 ? null : [process.argv[at + 1] ?? '', process.argv[at + 2] ?? ''];
}

const backendAt = process.argv.indexOf('--backend');
const prefer = backendAt === -1 ? undefined : (process.argv[backendAt + 1] as BackendName);
const { name, reason, tried } = await initBackend({ prefer });
if (prefer !== undefined && name !== prefer) throw new Error(`Backend ${prefer} does not start: ${tried[0]?.reason}.`);
console.log(`Backend ${name}: ${reason}`);
await compareFolder(GOLDEN, 'golden');
await compareGeneration(join(REFERENCE, 'generation.json'), 'golden');
compareSchedules(join(REFERENCE, 'schedules.json'), 'golden');
await compareAllDpo(join(REFERENCE, 'dpo.json'), 'golden');

const work = mkdtempSync(join(tmpdir(), 'capstan-parity-'));
let sections: SectionsResult | null = null;
try {
  const python = findPython(process.argv);
  if (python === null) {
    console.log('Python has no torch, transformers and peft: the golden files stand for them.');
  } else {
    runPython(python, 'golden.py', [join(work, 'live')]);
    await compareFolder(join(work, 'live'), 'live');
    runPython(python, 'generation.py', [GOLDEN, join(work, 'generation.json')]);
    await compareGeneration(join(work, 'generation.json'), 'live');
    runPython(python, 'schedules.py', [join(work, 'schedules.json')]);
    compareSchedules(join(work, 'schedules.json'), 'live');
    runPython(python, 'dpo.py', [GOLDEN, join(work, 'dpo.json')]);
    await compareAllDpo(join(work, 'dpo.json'), 'live');
    for (const [adapter, distance] of Object.entries(await openInPeft(python, { golden: GOLDEN, work: join(work, 'ours') })))
      count(`peft opens our ${adapter}`, distance < LIMITS.logit, `logits ${distance.toExponential(1)}`);
  }
  const folders = sectionsFolders();
  if (folders !== null) {
    sections = await compareSections(python, { model: folders[0], data: folders[1], work: join(work, 'sections') });
    const { ours, peft } = sections;
    if (peft !== null) count('accuracy on sections', ours >= peft - 0.01, `${ours.toFixed(4)}, peft ${peft.toFixed(4)}`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

const { logit: worstLogit, gradient: worstGradient, loss: worstLoss } = worst;
console.log(
  JSON.stringify({ script: 'parity', compared, failed, worstLogit, worstGradient, worstLoss, sectionsAccuracy: sections?.ours ?? null }),
);
process.exit(failed === 0 ? 0 : 1);
