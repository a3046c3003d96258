// Runs Vitest and answers how many tests passed and failed, and which were skipped.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './bootstrap.mjs';

/** A machine that others use can be late for a deadline once: there, a test that fails has a second try, and is named. */
const retries = process.env.CI ? 1 : 0;

export function runVitest(args, environment = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  const report = join(folder, 'report.json');
  const fixed = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, `--retry=${retries}`];
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, ...fixed, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    tellSecondTries(tests);
    const skipped = tests.filter(({ status: outcome }) => outcome === 'skipped' || outcome === 'pending').map(({ fullName }) => fullName);
    const failed = Math.max(numFailedTests, Math.min(numFailedTestSuites, 1), status === 0 ? 0 : 1);
    return { passed: numPassedTests, failed, skipped };
  } catch {
    return { passed: 0, failed: 1, skipped: [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tellSecondTries(tests) {
  const unsteady = tests.filter(({ status, failureMessages }) => status === 'passed' && failureMessages.length > 0);
  for (const { fullName, failureMessages } of unsteady)
    process.stdout.write(`\nPassed on its second try only: ${fullName}\n${failureMessages.join('\n')}\n`);
}
