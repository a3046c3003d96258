// Bundles one app: our own packages go into the bundle, everything from npm stays outside. Usage, in the app's folder: node ../../scripts/build.mjs
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const ours = {
  name: 'bundle-only-our-own-packages',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@capstan/') || path.startsWith('#') ? undefined : { path, external: true },
    );
  },
};

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
