import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a token entitles to: speak for the ranks of one attempt, or be one serving worker. */
export interface TokenClaims {
  kind: 'train' | 'serve';
  /** The job, or the name of the serving worker. */
  jobId: string;
  attempt: number;
  epoch: number;
}

const FORMAT = /^(train|serve)\.([a-z0-9-]{1,80})\.(\d{1,9})\.(\d{1,9})\.([A-Za-z0-9_-]{43})$/;

/**
 * The token of an attempt, the same every time: a relaunch after a crash hands out what the first launch did. One token serves all ranks
 * of the attempt, because they share one pod template; it dies with the attempt, for whoever checks it looks at the ledger too.
 */
export function makeWorkerToken({ kind, jobId, attempt, epoch }: TokenClaims, secret: string): string {
  const claims = `${kind}.${jobId}.${attempt}.${epoch}`;
  return `${claims}.${sign(claims, secret).toString('base64url')}`;
}

/** The claims of a token that carries our signature, else null. Compares in constant time. */
export function verifyWorkerToken(token: string, secret: string): TokenClaims | null {
  const parts = FORMAT.exec(token);
  if (parts === null) return null;
  const [, kind, jobId = '', attempt, epoch, signature = ''] = parts;
  const expected = sign(`${kind}.${jobId}.${attempt}.${epoch}`, secret);
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return { kind: kind === 'serve' ? 'serve' : 'train', jobId, attempt: Number(attempt), epoch: Number(epoch) };
}

function sign(claims: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(claims).digest();
}
