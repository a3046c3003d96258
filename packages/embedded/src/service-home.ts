import { randomUUID } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { canReach, giveTo, type SystemUser } from './run-as.ts';

/** Where root puts data and programs that the service user could not reach where they belong, such as below /root. */
const SHARED_HOME = '/var/lib/capstan';
const MARKER = 'location';

/**
 * A directory of `user`'s own for what belongs into `dataDir`: a folder in it, or, where the user may not enter it, one in a shared home that
 * `dataDir` remembers by name. Deleting `dataDir` therefore forgets the data too.
 */
export async function serviceHome(dataDir: string, user: SystemUser | null): Promise<string> {
  const home = user === null || (await canReach(user, dataDir)) ? join(dataDir, 'cluster') : await elsewhere(dataDir, user);
  await mkdir(home, { recursive: true, mode: 0o700 });
  await giveTo(user, home);
  return home;
}

async function elsewhere(dataDir: string, user: SystemUser): Promise<string> {
  const marker = join(dataDir, MARKER);
  const known = await readFile(marker, 'utf8').catch(() => null);
  if (known !== null) return known;
  const home = join(await sharedHome(user), `data-${randomUUID()}`);
  await writeFile(marker, home);
  return home;
}

/** The programs in `directory` where `user` can run them: there, or as a copy that is made once per version. */
export async function reachablePrograms(directory: string, version: string, user: SystemUser | null): Promise<string> {
  if (user === null || (await canReach(user, directory))) return directory;
  const copy = join(await sharedHome(user), `${basename(directory)}-${version}`);
  if (await stat(copy).catch(() => null)) return copy;
  const partial = `${copy}.${randomUUID()}`;
  await cp(directory, partial, { recursive: true, verbatimSymlinks: true });
  // Whoever copies at the same moment makes the same copy: the one that comes second throws its own away.
  await rename(partial, copy).catch(() => rm(partial, { recursive: true, force: true }));
  return copy;
}

async function sharedHome(user: SystemUser): Promise<string> {
  await mkdir(SHARED_HOME, { recursive: true, mode: 0o755 });
  if (await canReach(user, SHARED_HOME)) return SHARED_HOME;
  throw new Error(`Postgres runs as another user here, who cannot enter ${SHARED_HOME}.`);
}
