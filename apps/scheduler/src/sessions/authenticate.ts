import { createHash, timingSafeEqual } from 'node:crypto';
import { StaleEpochError } from '@capstan/core';
import type { Principal } from '@capstan/proto';
import type { SchedulerContext } from '../scheduler-context.ts';
import { type TokenClaims, verifyWorkerToken } from '../worker-token.ts';

/** Tells who presents a token: the API, a serving worker, or a rank of an attempt that is still open. Null for anything else. */
export function makeAuthenticate({ db, metrics, settings }: Pick<SchedulerContext, 'db' | 'metrics' | 'settings'>) {
  return async (token: string): Promise<Principal | null> => {
    if (equalInConstantTime(token, settings.internalToken)) return { kind: 'api' };
    const claims = verifyWorkerToken(token, settings.workerTokenSecret);
    if (claims === null) return null;
    if (claims.kind === 'serve') return { kind: 'server', serverId: claims.jobId };
    if (!(await isOpen(claims))) {
      metrics.staleRefused.inc();
      throw new StaleEpochError(`Attempt ${claims.attempt} of ${claims.jobId} is over.`);
    }
    const { jobId, attempt, epoch } = claims;
    return { kind: 'rank', identity: { jobId, attempt, epoch } };
  };

  async function isOpen({ jobId, attempt, epoch }: TokenClaims): Promise<boolean> {
    const row = await db.ledger.get(jobId, attempt);
    return row !== null && row.state !== 'ended' && row.epoch === epoch;
  }
}

function equalInConstantTime(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
