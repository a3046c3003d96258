// `npm test`: the static checks, then every Vitest suite with the services that it starts itself. The last line is `N passed, N failed`,
// the sum of both, because programs read it. Arguments go to Vitest and leave the checks out: `npm test -- packages/core`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install, root, turbo } from './bootstrap.mjs';
import { runChecks } from './check.mjs';

const filters = process.argv.slice(2);
/** A machine that others use can be late for a deadline once: there, a test that fails has a second try, and is named. */
const retries = process.env.CI ? 1 : 0;

function runVitest() {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  const report = join(folder, 'report.json');
  const args = [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    `--retry=${retries}`,
  ];
  const { status } = spawnSync(process.execPath, [...args, ...filters], { cwd: root, stdio: 'inherit' });
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    tellSecondTries(testResults.flatMap(({ assertionResults }) => assertionResults));
    return { passed: numPassedTests, failed: Math.max(numFailedTests, Math.min(numFailedTestSuites, 1), status === 0 ? 0 : 1) };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tellSecondTries(tests) {
  const unsteady = tests.filter(({ status, failureMessages }) => status === 'passed' && failureMessages.length > 0);
  for (const { fullName, failureMessages } of unsteady)
    process.stdout.write(`\nPassed on its second try only: ${fullName}\n${failureMessages.join('\n')}\n`);
}

install();
turbo('Building', 'generate', 'build');
const checks = filters.length === 0 ? runChecks() : { passed: 0, failed: 0 };
const tests = runVitest();
const failed = checks.failed + tests.failed;
process.stdout.write(`\n${checks.passed + tests.passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
