import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { DamagedArtifactError, InvalidRequestError } from '@capstan/core';
import { artifactNotFound } from './artifact-store.ts';

export interface ReadRequest {
  sha256: string;
  offset: number;
  signal: AbortSignal | undefined;
}

const CHUNK_BYTES = 256 * 1024;

/** Each chunk has memory of its own: consumers may keep it. The file stays readable if it is deleted or replaced meanwhile. */
export async function* readFile(path: string, { sha256, offset, signal }: ReadRequest): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const file = await openBlob(path, sha256);
  try {
    const { size } = await file.stat();
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > size) {
      throw new InvalidRequestError(`Offset ${offset} lies outside the ${size} bytes of artifact ${sha256}.`);
    }
    const hash = offset === 0 ? createHash('sha256') : undefined;
    let position = offset;
    while (position < size) {
      const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size - position));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
      signal?.throwIfAborted();
      if (bytesRead === 0) throw damaged(sha256, `it ends after ${position} of ${size} bytes`);
      position += bytesRead;
      hash?.update(chunk.subarray(0, bytesRead));
      yield chunk.subarray(0, bytesRead);
    }
    if (hash !== undefined && hash.digest('hex') !== sha256) throw damaged(sha256, 'its content has another hash');
  } finally {
    await file.close();
  }
}

async function openBlob(path: string, sha256: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw artifactNotFound(sha256);
    throw error;
  }
}

function damaged(sha256: string, how: string): DamagedArtifactError {
  return new DamagedArtifactError(`Artifact ${sha256} is damaged: ${how}.`);
}
