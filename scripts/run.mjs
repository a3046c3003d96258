// Makes the clone ready, then runs the CLI or a script of ours: `node scripts/run.mjs up`, `… demo`, `… bench-api`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { install, root, turbo } from './bootstrap.mjs';

const [name, ...args] = process.argv.slice(2);
install();
turbo('Building', 'generate', 'build');

const script = join(root, 'scripts', `${name}.ts`);
const program = existsSync(script)
  ? ['--import', 'tsx', script, ...args]
  : [join(root, 'apps', 'cli', 'dist', 'main.js'), ...(name === undefined ? [] : [name, ...args])];
const child = spawn(process.execPath, program, { cwd: root, stdio: 'inherit' });
// Ctrl-C reaches the child through the terminal; this process only waits for it. SIGTERM comes to us alone and is passed on.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
