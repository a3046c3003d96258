import { InvalidRequestError, NotFoundError } from '@capstan/core';

/**
 * Blobs by the SHA-256 of their content. What a hash names never changes: a blob is there whole or not at all, putting it again
 * is harmless, and any number of processes may put, read and delete at once.
 */
export interface ArtifactStore {
  /** Stores all bytes of the source durably, or nothing if the source fails or `signal` aborts. */
  put(source: AsyncIterable<Uint8Array>, options?: { signal?: AbortSignal | undefined }): Promise<{ sha256: string; bytes: number }>;
  /**
   * The bytes from `offset` on. Throws NotFoundError for an unknown hash, and at its end if the blob proves shorter than it
   * was, or, read from the start, other than its hash: what was yielded must be dropped then.
   */
  read(sha256: string, options?: { offset?: number | undefined; signal?: AbortSignal | undefined }): AsyncIterable<Uint8Array>;
  /** The size of a blob; null if it is not there. */
  stat(sha256: string): Promise<{ bytes: number } | null>;
  /** Afterwards the blob is not there; that it was not there before is no error. */
  delete(sha256: string): Promise<void>;
  /**
   * Deletes a blob that was last put before `instant`, and answers whether it did. One that is put again at the same time stays: whoever puts
   * it may rely on it.
   */
  deleteIfOlder(sha256: string, instant: Date): Promise<boolean>;
  /** Removes what puts that crashed before this instant left behind; returns how many there were. */
  sweepTemp(olderThan: Date): Promise<number>;
  /** Every blob, in no order that could be relied on; one put or deleted meanwhile may be listed or not. */
  list(): AsyncIterable<{ sha256: string; bytes: number; modifiedAt: Date }>;
}

const SHA256 = /^[0-9a-f]{64}$/;

export function isSha256(text: string): boolean {
  return SHA256.test(text);
}

/** A hash becomes a path or a key: anything else is refused before it gets that far. */
export function requireSha256(sha256: string): void {
  if (!isSha256(sha256)) throw new InvalidRequestError(`"${sha256.slice(0, 80)}" is not a SHA-256 of 64 lower-case hexadecimal digits.`);
}

export function artifactNotFound(sha256: string): NotFoundError {
  return new NotFoundError(`There is no artifact ${sha256}.`);
}
