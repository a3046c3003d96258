import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

/** As scripts/build.mjs: our own packages go into the bundle, those of npm stay outside. */
const asTheApps: BuildOptions = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
  plugins: [
    {
      name: 'bundle-only-our-own-packages',
      setup: ({ onResolve }) => {
        onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
          kind === 'entry-point' || path.startsWith('@capstan/') ? undefined : { path, external: true },
        );
      },
    },
  ],
};

/** The floor as one file, in a folder from which the packages of npm are found; its path. */
export async function bundleFloor(root: string): Promise<string> {
  const folder = join(root, 'node_modules/.cache/capstan');
  await mkdir(folder, { recursive: true });
  const outfile = join(folder, 'bench-floor.mjs');
  await build({ entryPoints: [join(root, 'scripts/bench-api/floor.ts')], outfile, ...asTheApps });
  return outfile;
}
