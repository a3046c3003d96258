import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArtifactStore, isSha256, requireSha256 } from './artifact-store.ts';
import { deleteIfOlder } from './delete-if-older.ts';
import { toDiskError } from './disk-error.ts';
import { putFile, TEMP_CONTENT, TEMP_DIRECTORY } from './put-file.ts';
import { readFile } from './read-file.ts';
import { isMissing, statOrNull } from './stat-or-null.ts';

/** Blobs as files `ab/cd/<sha256>` below `directory`, which is made on the first put. While its disk fails, it is unavailable. */
export function createDirectoryStore(directory: string): ArtifactStore {
  const pathOf = (sha256: string): string => {
    requireSha256(sha256);
    return join(directory, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  };
  return {
    put: (source, { signal } = {}) => putFile(source, { directory, pathOf, signal }).catch(rethrow),
    read: (sha256, { offset = 0, signal } = {}) => guarded(readFile(pathOf(sha256), { sha256, offset, signal })),
    stat: async (sha256) => {
      const found = await statOrNull(pathOf(sha256)).catch(rethrow);
      return found === null ? null : { bytes: found.size };
    },
    delete: async (sha256) => rm(pathOf(sha256), { force: true }).catch(rethrow),
    deleteIfOlder: async (sha256, instant) => deleteIfOlder(pathOf(sha256), { directory, instant }).catch(rethrow),
    list: () => guarded(listFiles(directory)),
    sweepTemp: (olderThan) => sweepTemp(join(directory, TEMP_DIRECTORY), olderThan).catch(rethrow),
  };
}

function rethrow(error: unknown): never {
  throw toDiskError(error);
}

async function* guarded<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
  try {
    yield* items;
  } catch (error) {
    rethrow(error);
  }
}

async function* listFiles(directory: string): AsyncGenerator<{ sha256: string; bytes: number; modifiedAt: Date }> {
  for (const first of await namesIn(directory)) {
    if (first === TEMP_DIRECTORY) continue;
    for (const second of await namesIn(join(directory, first))) {
      for (const sha256 of (await namesIn(join(directory, first, second))).filter(isSha256)) {
        const found = await statOrNull(join(directory, first, second, sha256));
        if (found !== null) yield { sha256, bytes: found.size, modifiedAt: found.mtime };
      }
    }
  }
}

async function sweepTemp(directory: string, olderThan: Date): Promise<number> {
  let removed = 0;
  for (const name of await namesIn(directory)) {
    const path = join(directory, name);
    // A put that is still being written shows it by the time of its content, not of its directory.
    const found = (await statOrNull(join(path, TEMP_CONTENT))) ?? (await statOrNull(path));
    if (found === null || found.mtime >= olderThan) continue;
    await rm(path, { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}

/** None if the directory is not there (yet, or any more) or is a file. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
