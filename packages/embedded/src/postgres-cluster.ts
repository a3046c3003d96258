import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endProcess } from './end-process.ts';
import type { PostgresPrograms } from './postgres-programs.ts';
import { commandOf, isAlive } from './process-identity.ts';
import { giveTo, type SystemUser } from './run-as.ts';

export const SUPERUSER = 'capstan';
/** Fast shutdown (roll back and end), then immediate (recover at the next start), then force. */
export const POSTGRES_END_STEPS = [
  { signal: 'SIGINT', waitMs: 15_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const;

/** Makes the cluster in `home` if there is none; returns its directory. An interrupted making leaves nothing that looks finished. */
export async function ensureCluster(
  home: string,
  programs: PostgresPrograms,
  user: SystemUser | null,
  signal: AbortSignal,
): Promise<string> {
  const cluster = join(home, 'data');
  if (await stat(join(cluster, 'PG_VERSION')).catch(() => null)) return cluster;
  const partial = await mkdtemp(join(home, 'new-'));
  const passwordFile = join(home, 'password');
  await writeFile(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  await Promise.all([giveTo(user, partial), giveTo(user, passwordFile)]);
  const options = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`];
  try {
    await promisify(execFile)(programs.initdb, ['-D', partial, ...options], { cwd: home, signal, env: CLEAN_ENVIRONMENT, ...user });
    await rename(partial, cluster);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  return cluster;
}

/** Nothing of ours: a PGDATA or PGPORT of the surroundings would change what the programs do. */
export const CLEAN_ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/bin:/bin', TZ: 'UTC' };

export async function readPassword(home: string): Promise<string> {
  return (await readFile(join(home, 'password'), 'utf8')).trim();
}

/** What Postgres writes about itself into its pid file; null where it is not there or half written. */
export async function readPidFile(cluster: string): Promise<{ pid: number; isReady: boolean } | null> {
  const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number.parseInt(lines[0] ?? '', 10);
  return Number.isInteger(pid) && pid > 0 ? { pid, isReady: lines[7]?.trim() === 'ready' } : null;
}

/**
 * Ends the server that a killed owner left running on this cluster. A pid file whose number now belongs to another program is taken away,
 * because Postgres would believe it; one whose number is free stays, because Postgres learns from it whether a backend still holds the memory.
 */
export async function clearLeftover(cluster: string): Promise<void> {
  const left = await readPidFile(cluster);
  if (left === null || !isAlive(left.pid)) return;
  if ((await commandOf(left.pid)).includes(cluster)) await endProcess(left.pid, POSTGRES_END_STEPS);
  else await rm(join(cluster, 'postmaster.pid'), { force: true });
}
