// Makes a clone ready to run: dependencies, generated code and bundles. Plain JavaScript without imports from npm, because it runs
// before anything is installed. Doing it again costs a second: npm is asked only when the lock file changed, turbo caches the rest.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.capstan-lock');
const MINIMUM_NODE = [20, 19];

function step(title, command, args) {
  const quiet = process.env.CAPSTAN_VERBOSE === undefined;
  process.stderr.write(`${title} … `);
  const startedAt = Date.now();
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' },
    shell: process.platform === 'win32',
  });
  process.stderr.write(`${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
  if (result.status === 0) return;
  process.stderr.write(
    `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}\n${command} ${args.join(' ')} failed.\n`,
  );
  process.exit(1);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1])) return;
  process.stderr.write(`Capstan needs Node ${MINIMUM_NODE.join('.')} or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}

/** Installs dependencies when the lock file differs from the one last installed. */
export function install() {
  checkNode();
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  step('Installing dependencies', 'npm', ['ci', '--no-audit', '--no-fund']);
  writeFileSync(stamp, lock);
}

/** Runs turbo tasks, e.g. `generate`, `build`, over every workspace that has them. */
export function turbo(title, ...tasks) {
  step(title, process.execPath, [join(root, 'node_modules', 'turbo', 'bin', 'turbo'), 'run', ...tasks, '--output-logs=errors-only']);
}
