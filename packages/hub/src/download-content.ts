import { createWriteStream } from 'node:fs';
import { appendFile, mkdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { DamagedArtifactError } from '@capstan/core';
import type { HubFile } from './choose-files.ts';
import { hasContent } from './content-digest.ts';
import { networkCode } from './hub-failure.ts';

/** How often in a row a broken connection is made anew without anything having come. */
const MOST_FAILURES = 3;

export interface DownloadOptions {
  /** Asks for the content from a byte on. */
  request: (from: number) => Promise<Response>;
  /** Told of bytes as they come, and once of those that were here already. */
  onBytes: (bytes: number) => void;
  signal: AbortSignal;
}

/**
 * Puts a file's content at `target`, whole and checked, or throws. What an interrupted call has loaded stays beside it, and the next one
 * goes on from there; content that does not hash to what the Hub says is thrown away.
 */
export async function downloadContent(file: HubFile, target: string, options: DownloadOptions): Promise<void> {
  const part = `${target}.part`;
  await mkdir(dirname(target), { recursive: true });
  await appendFile(part, '');
  let loaded = (await stat(part)).size;
  options.onBytes(Math.min(loaded, file.size));
  for (let failures = 0; loaded < file.size; ) {
    const error = await loadRest(part, loaded, options);
    const before = loaded;
    loaded = (await stat(part)).size;
    failures = loaded > before ? 0 : failures + 1;
    const canGoOn = !options.signal.aborted && networkCode(error) !== null && failures <= MOST_FAILURES;
    if (loaded < file.size && !canGoOn) throw error;
  }
  if (await hasContent(part, file)) return rename(part, target);
  await rm(part);
  const advice = 'Nothing of it was kept; try again.';
  throw new DamagedArtifactError(`${file.path} did not arrive as the Hub describes it: its hash is another. ${advice}`);
}

/** Loads on from where the part ends; returns what broke it off. */
async function loadRest(part: string, loaded: number, { request, onBytes, signal }: DownloadOptions): Promise<Error> {
  try {
    const { status, body } = await request(loaded);
    if (loaded > 0 && status !== 206) await truncate(part, 0); // it begins at the beginning
    const rest = Readable.fromWeb((body ?? new Blob([]).stream()) as ReadableStream);
    rest.on('data', (chunk: Uint8Array) => onBytes(chunk.length));
    await pipeline(rest, createWriteStream(part, { flags: 'a' }), { signal });
    return new Error('terminated'); // where that was not all
  } catch (error) {
    return error as Error;
  }
}
