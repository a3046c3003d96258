import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { ConflictError } from '@capstan/core';
import { identifyProcess, isSameProcessAlive, type ProcessIdentity, processIdentitySchema } from './process-identity.ts';
import { readJsonFile } from './write-json-file.ts';

/** The platform that holds the lock, or null when none runs. */
export function readLockHolder(path: string): ProcessIdentity | null {
  const holder = readJsonFile(path, processIdentitySchema);
  return holder !== null && isSameProcessAlive(holder) ? holder : null;
}

/**
 * Makes this process the one platform on the data directory, or throws a ConflictError that names the other's pid.
 * Two starts at once: `link` lets one win. Two starts over the lock of a dead one: `rename` lets one take it away; whoever finds that it took
 * a living lock away instead puts it back.
 */
export function takePlatformLock(path: string): { release(): void } {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(identifyProcess(process.pid)), { mode: 0o600 });
  try {
    while (!tryLink(draft, path)) {
      refuseWhenHeld(path);
      takeAway(path);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return { release: () => rmSync(path, { force: true }) };
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

function refuseWhenHeld(path: string): void {
  const holder = readLockHolder(path);
  if (holder === null) return;
  throw new ConflictError(
    `Capstan is already running on this data directory (pid ${holder.pid}). Stop it with Ctrl-C there, or choose another CAPSTAN_DATA_DIR.`,
    { reason: 'already_running' },
  );
}

function takeAway(path: string): void {
  const taken = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, taken);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readLockHolder(taken) !== null) tryLink(taken, path);
  rmSync(taken, { force: true });
}
