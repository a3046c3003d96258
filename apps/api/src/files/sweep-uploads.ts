import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Removes uploads that nobody has written to since `olderThan`, and answers how many there were: an API that was killed could not discard
 * them. One under way is written to all the time. Safe beside other APIs that share the folder.
 */
export async function sweepUploads(uploadsDir: string, olderThan: Date): Promise<number> {
  let removed = 0;
  for (const name of await readdir(uploadsDir).catch(() => [])) {
    const path = join(uploadsDir, name);
    const found = await stat(path).catch(() => null);
    if (found === null || !found.isFile() || found.mtime >= olderThan) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  return removed;
}
