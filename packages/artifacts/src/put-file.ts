import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { abortable } from './abortable.ts';

/** Beside the blobs, so that the final rename stays on one file system. */
export const TEMP_DIRECTORY = 'tmp';
export const TEMP_CONTENT = 'content';

export interface PutTarget {
  directory: string;
  pathOf: (sha256: string) => string;
  signal: AbortSignal | undefined;
}

/**
 * Writes to a place of its own, makes the bytes durable, then renames: a crash at any point leaves the blob whole or absent, and
 * of two puts of the same content either may come last.
 */
export async function putFile(
  source: AsyncIterable<Uint8Array>,
  { directory, pathOf, signal }: PutTarget,
): Promise<{ sha256: string; bytes: number }> {
  await mkdir(join(directory, TEMP_DIRECTORY), { recursive: true });
  const workplace = await mkdtemp(join(directory, TEMP_DIRECTORY, 'put-'));
  try {
    const written = await writeDurably(join(workplace, TEMP_CONTENT), abortable(source, signal));
    const path = pathOf(written.sha256);
    await mkdir(dirname(path), { recursive: true });
    await rename(join(workplace, TEMP_CONTENT), path);
    for (const parent of [dirname(path), dirname(dirname(path)), directory]) await syncDirectory(parent);
    return written;
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
}

async function writeDurably(path: string, source: AsyncIterable<Uint8Array>): Promise<{ sha256: string; bytes: number }> {
  const file = await open(path, 'wx');
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of source) {
      hash.update(chunk);
      bytes += chunk.length;
      await file.writeFile(chunk);
    }
    await file.sync();
    return { sha256: hash.digest('hex'), bytes };
  } finally {
    await file.close();
  }
}

/** Makes a rename within the directory survive a power cut. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
