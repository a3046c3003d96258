import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ArtifactRef, Clock } from '@capstan/core';
import { trimCache } from './trim-cache.ts';

export interface ArtifactCacheOptions {
  directory: string;
  /** The content from wherever it is kept; throws if it is not what the hash says. */
  readArtifact: (sha256: string, options: { signal: AbortSignal }) => AsyncIterable<Uint8Array>;
  /** Names unfinished files, so that workers of one machine never write into the same one. */
  writerId: string;
  clock: Clock;
  /** What the directory may hold. It may hold more while that is in use. */
  maxBytes: number;
}

/** A file that was used within this time is in use. */
const IN_USE_MS = 3_600_000;

export interface ArtifactCache {
  /** The artifact's bytes, from the machine's copy if it has a good one. */
  fetch(artifact: ArtifactRef, options: { signal: AbortSignal }): Promise<Uint8Array>;
}

/**
 * Artifacts by content in a directory that all workers of a machine share. A file appears under its hash only when it is whole, by
 * rename, and is hashed again with every use: a copy that rotted is fetched anew. Two workers that fetch the same do it twice, harmlessly.
 * After a download, what was used longest ago makes room.
 */
export function createArtifactCache({ directory, readArtifact, writerId, clock, maxBytes }: ArtifactCacheOptions): ArtifactCache {
  let downloads = 0;

  async function download(sha256: string, path: string, signal: AbortSignal): Promise<void> {
    downloads += 1;
    const unfinished = join(directory, `${sha256}.${writerId}.${downloads}.partial`);
    await mkdir(dirname(path), { recursive: true });
    try {
      await pipeline(readArtifact(sha256, { signal }), createWriteStream(unfinished), { signal });
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw signal.aborted ? signal.reason : error;
    }
  }

  return {
    async fetch({ sha256 }, { signal }) {
      signal.throwIfAborted();
      const path = join(directory, sha256.slice(0, 2), sha256);
      const cached = await readGood(path, sha256);
      if (cached) {
        await utimes(path, clock.now(), clock.now()).catch(() => {});
        return cached;
      }
      await download(sha256, path, signal);
      const content = await readFile(path);
      await trimCache(directory, { maxBytes, spareSince: new Date(clock.now().getTime() - IN_USE_MS) });
      return content;
    },
  };
}

async function readGood(path: string, sha256: string): Promise<Uint8Array | null> {
  try {
    const bytes = await readFile(path);
    return createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
