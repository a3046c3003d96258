/**
 * Compares the trainer with transformers and peft: on the golden files always, and live where Python has torch, transformers and peft.
 *
 *   npm run parity [-- --python INTERPRETER --sections MODEL_FOLDER DATA_FOLDER]
 *
 * With --sections a classifier is trained on real rows by both, step for step.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initBackend } from '../src/index.ts';
import { type Comparison, compareCase } from '../src/parity/compare-case.ts';
import { readCase } from '../src/parity/read-case.ts';
import { openInPeft } from './parity/open-in-peft.ts';
import { findPython, runPython } from './parity/python.ts';
import { compareSections, type SectionsResult } from './parity/sections.ts';

const GOLDEN = fileURLToPath(new URL('../reference/golden', import.meta.url));
const LIMITS: Comparison = { logit: 1e-4, gradient: 1e-4, loss: 1e-3, generated: 0 };

const worst: Comparison = { logit: 0, gradient: 0, loss: 0, generated: 0 };
let compared = 0;
let failed = 0;

function count(name: string, ok: boolean, detail: string): void {
  compared += 1;
  if (!ok) failed += 1;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}: ${detail}`);
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

const { name, reason } = await initBackend();
console.log(`Backend ${name}: ${reason}`);
await compareFolder(GOLDEN, 'golden');

const work = mkdtempSync(join(tmpdir(), 'capstan-parity-'));
let sections: SectionsResult | null = null;
try {
  const python = findPython(process.argv);
  if (python === null) {
    console.log('Python has no torch, transformers and peft: the golden files stand for them.');
  } else {
    runPython(python, 'golden.py', [join(work, 'live')]);
    await compareFolder(join(work, 'live'), 'live');
    for (const [adapter, distance] of Object.entries(openInPeft(python, { golden: GOLDEN, work: join(work, 'ours') })))
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
