import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ImageFiles } from './node-image.ts';

/** The packages `names` of `modules` (a node_modules directory) with everything that they need, as they are to lie in an image below `target`. */
export function packageFiles(modules: string, names: string[], target: string): ImageFiles {
  const files: ImageFiles = {};
  const waiting = names.map((name) => join(modules, name));
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const owner = folder.slice(modules.length + 1);
    if (files[`${target}/${owner}`] !== undefined) continue;
    files[`${target}/${owner}`] = folder;
    const { dependencies = {} }: { dependencies?: Record<string, string> } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    for (const name of Object.keys(dependencies)) waiting.push(...findPackage(name, folder, modules));
  }
  return files;
}

function findPackage(name: string, from: string, modules: string): string[] {
  for (let at = from; at.startsWith(modules); at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(candidate)) return [candidate];
  }
  const shared = join(modules, name);
  return existsSync(shared) ? [shared] : [];
}
