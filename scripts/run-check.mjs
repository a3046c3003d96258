// `npm run check`: exactly the static checks of CI, from a fresh clone too.
import { install, turbo } from './bootstrap.mjs';
import { runChecks } from './check.mjs';

install();
turbo('Generating', 'generate');
const { passed, failed } = runChecks();
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
