import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface CacheLimit {
  maxBytes: number;
  /** Files used or written since then stay, for a worker of this machine may be about to read them. */
  spareSince: Date;
}

/**
 * Deletes what was used longest ago until at most `maxBytes` are left, what crashed downloads left included. What another worker deletes at
 * the same time is no error; a file that is deleted while it is read is read whole.
 */
export async function trimCache(directory: string, { maxBytes, spareSince }: CacheLimit): Promise<void> {
  const files = (await listFiles(directory)).sort((a, b) => a.usedAt.getTime() - b.usedAt.getTime());
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of files) {
    if (bytes <= maxBytes || file.usedAt >= spareSince) return;
    await rm(file.path, { force: true });
    bytes -= file.bytes;
  }
}

async function listFiles(directory: string): Promise<{ path: string; bytes: number; usedAt: Date }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const found = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        const facts = await stat(path).catch(() => null);
        return facts && { path, bytes: facts.size, usedAt: facts.mtime };
      }),
  );
  return found.filter((file) => file !== null);
}
