import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The fake worker as one plain file in `directory`: it starts in a tenth of the time that a loader for TypeScript takes. */
export async function bundleFakeWorker(directory: string): Promise<string> {
  const outfile = join(directory, 'fake-worker.cjs');
  const entry = fileURLToPath(new URL('./fake-worker.ts', import.meta.url));
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'error',
    minify: true,
  });
  return outfile;
}
