import { readFile, rm, writeFile } from 'node:fs/promises';
import { ConflictError } from '@capstan/core';
import { isAlive, startTimeOf } from './process-identity.ts';

interface Owner {
  pid: number;
  startTime: string;
}

/**
 * Marks a directory as this process's; ConflictError while another living process has it. What a dead owner left running in it is
 * a leftover, which the new owner ends.
 */
export async function takeOwnership(path: string): Promise<{ release(): Promise<void> }> {
  const owner = await readOwner(path);
  if (owner !== null && owner.pid !== process.pid && isAlive(owner.pid) && (await startTimeOf(owner.pid)) === owner.startTime) {
    throw new ConflictError(`${path} says that process ${owner.pid} uses this directory: stop it first.`);
  }
  const self: Owner = { pid: process.pid, startTime: await startTimeOf(process.pid) };
  await writeFile(path, JSON.stringify(self));
  return { release: () => rm(path, { force: true }) };
}

async function readOwner(path: string): Promise<Owner | null> {
  try {
    const owner: Partial<Owner> = JSON.parse(await readFile(path, 'utf8'));
    return typeof owner.pid === 'number' && typeof owner.startTime === 'string' ? { pid: owner.pid, startTime: owner.startTime } : null;
  } catch {
    return null;
  }
}
