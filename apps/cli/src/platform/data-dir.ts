import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NotFoundError } from '@capstan/core';

/** Where everything of one platform lies. All of it may be deleted while the platform is down. */
export interface DataDir {
  root: string;
  artifacts: string;
  uploads: string;
  runs: string;
  cache: string;
  logs: string;
  adapters: string;
  /** Models that were pulled, and what they were made of. */
  models: string;
  hub: string;
  secretsFile: string;
  credentialsFile: string;
  portsFile: string;
  lockFile: string;
  childrenFile: string;
}

export function dataDirAt(path: string): DataDir {
  const root = resolve(path);
  const under = (name: string) => join(root, name);
  return {
    root,
    artifacts: under('artifacts'),
    uploads: under('uploads'),
    runs: under('runs'),
    cache: under('cache'),
    logs: under('logs'),
    adapters: under('adapters'),
    models: under('models'),
    hub: under('hub'),
    secretsFile: under('secrets.json'),
    credentialsFile: under('credentials.json'),
    portsFile: under('ports.json'),
    lockFile: under('platform.lock'),
    childrenFile: under('children.json'),
  };
}

/** The data directory that `env` names, else `.capstan` in the repository. */
export function defaultDataDir(env: Record<string, string | undefined>): DataDir {
  return dataDirAt(env.CAPSTAN_DATA_DIR || join(findRepositoryRoot(), '.capstan'));
}

/** The folder that holds apps/, packages/ and examples/, found from this file, bundled or not. */
export function findRepositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isRepositoryRoot(folder)) {
    const parent = dirname(folder);
    if (parent === folder) throw new NotFoundError('Capstan cannot find its own folder: keep apps/ and package.json together.');
    folder = parent;
  }
  return folder;
}

function isRepositoryRoot(folder: string): boolean {
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) return false;
  const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: unknown };
  return name === 'capstan';
}
