import { UnavailableError } from '@capstan/core';

/** What a file system says that is full, broken or out of reach, and what its operator does about it. */
const ADVICE: Record<string, string> = {
  ENOSPC: 'it is full: make room',
  EDQUOT: 'its quota is used up: make room',
  EROFS: 'it is mounted read-only: look at its health and mount it anew',
  EIO: 'reading or writing it fails: look at its health',
  ESTALE: 'its server has forgotten it: mount it anew',
  ENOTCONN: 'its server is away: mount it anew',
  ETIMEDOUT: 'its server does not answer',
  EACCES: 'this process may not use it: give its user the right',
  EPERM: 'this process may not use it: give its user the right',
  ENOTDIR: 'a file stands where a directory belongs: move it away',
  EISDIR: 'a directory stands where a file belongs: move it away',
  EMFILE: 'too many files are open: raise the limit of this process',
  ENFILE: 'too many files are open: raise the limit of this machine',
};
const RETRY_AFTER_MS = 5_000;
/** The `reason` of an error that a disk is the cause of. */
export const DISK_FAILED = 'disk_failed';

/** A disk that fails becomes UnavailableError, for it is no fault of the caller's, who may try again; every other error stays as it is. */
export function toDiskError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const advice = ADVICE[code];
  if (advice === undefined) return error;
  const details = { reason: DISK_FAILED, cause: error, retryAfterMs: RETRY_AFTER_MS };
  return new UnavailableError(`The disk of the server cannot be used (${code}): ${advice}.`, details);
}
