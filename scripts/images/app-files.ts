import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageFiles } from '@capstan/testing';

export const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url));
const modules = join(repositoryRoot, 'node_modules');

/** What an image holds: by the place where it is to lie, the place that it is taken from. */
export type ImageFiles = Record<string, string>;

/** Bundles of apps as `npm run build` makes them. */
export function appFiles(target: string, apps: string[]): ImageFiles {
  return repositoryFiles(
    target,
    apps.flatMap((app) => [`apps/${app}/dist`, `apps/${app}/package.json`]),
  );
}

/** Parts of the repository, laid out below `target` as they are here. */
export function repositoryFiles(target: string, paths: string[]): ImageFiles {
  return Object.fromEntries(paths.map((path) => [`${target}/${path}`, join(repositoryRoot, path)]));
}

/** The packages that the bundles of `apps` import, and `more`, with everything that these need. */
export function neededPackages(target: string, apps: string[], more: string[] = []): ImageFiles {
  const imported = apps.flatMap(importsOf).filter((name) => existsSync(join(modules, name, 'package.json')));
  return packageFiles(modules, [...new Set([...imported, ...more])], target);
}

function importsOf(app: string): string[] {
  const dist = join(repositoryRoot, 'apps', app, 'dist');
  const bundles = readdirSync(dist).filter((file) => file.endsWith('.js'));
  const text = bundles.map((file) => readFileSync(join(dist, file), 'utf8')).join('\n');
  return [...text.matchAll(/(?:from|import)\s*\(?"((?:@[\w-]+\/)?[\w.-]+)/g)].map(([, name]) => name ?? '');
}
