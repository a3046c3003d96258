import { chown, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface SystemUser {
  uid: number;
  gid: number;
}

/** Postgres refuses to run as root. The first of these users that the system has takes its place; every Unix has the last. */
const CANDIDATES = ['postgres', 'nobody'];

/** The user that Postgres must run as, or null where it can run as ourselves. */
export async function findServiceUser(): Promise<SystemUser | null> {
  if (process.getuid?.() !== 0) return null;
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of CANDIDATES) {
    const fields = users.find(([user]) => user === name);
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error(`Postgres cannot run as root, and the system has none of the users ${CANDIDATES.join(', ')}.`);
}

/** Whether `user` may enter every directory on the way to `path`, and `path` itself. */
export async function canReach({ uid, gid }: SystemUser, path: string): Promise<boolean> {
  const { mode, uid: owner, gid: group } = await stat(path);
  const shift = owner === uid ? 6 : group === gid ? 3 : 0;
  const mayEnter = ((mode >> shift) & 0o1) === 0o1;
  const parent = dirname(path);
  return mayEnter && (parent === path || canReach({ uid, gid }, parent));
}

export async function giveTo(user: SystemUser | null, path: string): Promise<void> {
  if (user !== null) await chown(path, user.uid, user.gid);
}
