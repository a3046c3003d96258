// `npm run test:cluster`: the suites that need a Kubernetes cluster. Arguments go to Vitest.
import { install, turbo } from './bootstrap.mjs';
import { runClusterTests } from './cluster-tests.mjs';

install();
turbo('Building', 'generate', 'build');
const { passed, failed } = runClusterTests(process.argv.slice(2));
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
