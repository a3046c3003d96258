import { link, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMP_CONTENT, TEMP_DIRECTORY } from './put-file.ts';
import { isMissing, statOrNull } from './stat-or-null.ts';

/**
 * Deletes the file unless it was written at `instant` or later. A put may rename a new file to the same path at any moment, so the file is
 * first moved aside, which is atomic, and only then judged for good:
 * - put before the move: what was moved is new, and is linked back, unless yet another put has taken the place;
 * - put after the move: the new file is at the path, and what was moved is old.
 */
export async function deleteIfOlder(path: string, { directory, instant }: { directory: string; instant: Date }): Promise<boolean> {
  if (!isOlder(await statOrNull(path), instant)) return false;
  await mkdir(join(directory, TEMP_DIRECTORY), { recursive: true });
  const workplace = await mkdtemp(join(directory, TEMP_DIRECTORY, 'old-'));
  const aside = join(workplace, TEMP_CONTENT);
  try {
    if (!(await succeeds(rename(path, aside), isMissing))) return false;
    if (isOlder(await statOrNull(aside), instant)) return true;
    await succeeds(link(aside, path), isTaken);
    return false;
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
}

function isOlder(found: { mtime: Date } | null, instant: Date): boolean {
  return found !== null && found.mtime < instant;
}

/** False where it fails in the way that is expected. */
async function succeeds(work: Promise<void>, isExpected: (error: unknown) => boolean): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (isExpected(error)) return false;
    throw error;
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
