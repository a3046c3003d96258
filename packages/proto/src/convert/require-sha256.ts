import { InvalidRequestError } from '@capstan/core';

const SHA256 = /^[0-9a-f]{64}$/;

/** Refuses what names no artifact before it is looked for: the database cannot even be asked for some texts. */
export function requireSha256(sha256: string): void {
  if (!SHA256.test(sha256)) throw new InvalidRequestError('An artifact is named by 64 hexadecimal digits.');
}
