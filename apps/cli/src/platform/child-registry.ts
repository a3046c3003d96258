import { z } from 'zod';
import { isSameProcessAlive, type ProcessIdentity, processIdentitySchema, signalProcess } from './process-identity.ts';
import { readJsonFile, writeJsonFile } from './write-json-file.ts';

const childrenSchema = z.array(processIdentitySchema);

/** Writes down which children run, for the start after a crash. */
export function recordChildren(path: string, children: ProcessIdentity[]): void {
  writeJsonFile(path, children);
}

/** Ends children that an earlier platform left behind when it was killed: they hold its ports. */
export function endLeftoverChildren(path: string): void {
  for (const child of readJsonFile(path, childrenSchema) ?? []) {
    if (isSameProcessAlive(child)) signalProcess(child.pid, 'SIGKILL', { group: true });
  }
}
