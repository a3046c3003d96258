import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

interface Chunk {
  file: string;
  imports?: string[];
  css?: string[];
}

const DIST = fileURLToPath(new URL('../../apps/dashboard/dist/', import.meta.url));
/** What a browser runs until the overview is there. */
const FIRST_PAGE = ['index.html', 'src/start.tsx', 'src/overview/overview-page.tsx'];

/** Bytes that the first page costs over the wire, gzipped: scripts, styles and the page itself. */
export function firstPageBytes(): number {
  const manifest = JSON.parse(readFileSync(`${DIST}.vite/manifest.json`, 'utf8')) as Record<string, Chunk>;
  const files = new Set(['index.html']);
  const visit = (name: string) => {
    const { file, imports = [], css = [] } = manifest[name] ?? { file: '' };
    if (file === '' || files.has(file)) return;
    files.add(file);
    for (const style of css) files.add(style);
    for (const imported of imports) visit(imported);
  };
  for (const entry of FIRST_PAGE) visit(entry);
  return [...files].reduce((sum, file) => sum + gzipSync(readFileSync(DIST + file)).byteLength, 0);
}
