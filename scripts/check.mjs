// The static half of CI: format, lint, types, unused code, contracts. Prints one line per check and keeps going, so one run shows everything.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './bootstrap.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);

const CHECKS = [
  ['format', bin('biome'), ['ci', '--diagnostic-level=error', '--colors=off']],
  ['lint and import rules', bin('oxlint'), ['--type-aware']],
  ['types', bin('turbo'), ['run', 'typecheck', '--output-logs=errors-only']],
  ['unused code and dependencies', bin('knip'), []],
  ['types of the scripts', bin('tsc'), ['-p', 'scripts']],
  ['proto lint', bin('buf'), ['lint', 'packages/proto']],
  ['proto as the last release speaks it', bin('buf'), ['breaking', 'packages/proto', '--against', 'packages/proto/released.binpb']],
  ['prisma schema', bin('prisma'), ['validate', '--schema', 'prisma/schema.prisma'], { PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' }],
];

/** Runs every check; answers how many passed and failed. Output of a failed check is shown whole. */
export function runChecks() {
  const totals = { passed: 0, failed: 0 };
  for (const [title, command, args, env = {}] of CHECKS) {
    const startedAt = Date.now();
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, ...env, TURBO_TELEMETRY_DISABLED: '1' },
    });
    const passed = status === 0;
    totals[passed ? 'passed' : 'failed'] += 1;
    process.stdout.write(`${passed ? 'ok  ' : 'FAIL'} ${title} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)\n`);
    if (!passed) process.stdout.write(`${stdout}${stderr}\n`);
  }
  return totals;
}
