// `npm test`: the static checks, then every Vitest suite with the services that it starts itself. The last line is `N passed, N failed`,
// the sum of both, because programs read it. Arguments go to Vitest and leave the checks out: `npm test -- packages/core`.
// With TEST_CLUSTER=1, as CI sets it, the quick ones of the suites that need a Kubernetes cluster run too, where one can be had.
import { install, turbo } from './bootstrap.mjs';
import { runChecks } from './check.mjs';
import { NOTHING, runClusterTests } from './cluster-tests.mjs';
import { runVitest } from './run-vitest.mjs';

const filters = process.argv.slice(2);
/** What fits into the time of CI. */
const QUICK_ON_CLUSTER = ['packages/launcher', 'e2e/src/manifests', 'e2e/src/pods', 'e2e/src/two-schedulers'];

install();
turbo('Building', 'generate', 'build');
const isWhole = filters.length === 0;
const checks = isWhole ? runChecks() : NOTHING;
const tests = runVitest(filters);
const onCluster = isWhole && process.env.TEST_CLUSTER === '1' ? runClusterTests(QUICK_ON_CLUSTER) : NOTHING;
if (isWhole && onCluster === NOTHING) process.stdout.write('\nThe tests on Kubernetes were not run; `npm run test:cluster` runs them.\n');
const failed = checks.failed + tests.failed + onCluster.failed;
process.stdout.write(`\n${checks.passed + tests.passed + onCluster.passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
