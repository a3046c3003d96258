// Bundles one app: our own packages go into the bundle, everything from npm stays outside, save what npm put beside one of our packages
// because another version stands at the root: the bundle could not find that. Usage, in the app's folder: node ../../scripts/build.mjs
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const ours = {
  name: 'bundle-only-our-own-packages',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind, resolveDir }) =>
      kind === 'entry-point' || path.startsWith('@capstan/') || path.startsWith('#') || isPrivate(path, resolveDir)
        ? undefined
        : { path, external: true },
    );
  },
};

function isPrivate(path, importer) {
  const name = path.split('/', path.startsWith('@') ? 2 : 1).join('/');
  return findPackage(name, importer) !== findPackage(name, process.cwd());
}

function findPackage(name, folder) {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(candidate)) return candidate;
    if (at === dirname(at)) return null;
  }
}

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
  plugins: [ours],
  loader: { '.wasm': 'file' },
});

// The supervisor of local ranks is a program of its own, started by path.
const supervisor = '../../packages/launcher/src/rank-supervisor.mjs';
const needsSupervisor = process.env.npm_package_name === '@capstan/scheduler' && existsSync(supervisor);
if (needsSupervisor) copyFileSync(supervisor, 'dist/rank-supervisor.mjs');
