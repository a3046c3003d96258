import { hash } from 'node:crypto';
import { createJobRequestSchema, type FineTuningJob, InvalidRequestError } from '@capstan/core';
import { makeId, type NewJob } from '@capstan/db';
import type { ApiContext } from '../api-context.ts';
import type { Caller } from '../http/authenticate.ts';
import type { JsonBody } from '../http/read-json-body.ts';
import { validate } from '../http/validate.ts';
import { takeRandomBytes } from '../random-bytes.ts';
import { createAndEnqueue } from './create-and-enqueue.ts';
import { planJob } from './plan-job.ts';

export interface Submission {
  body: JsonBody;
  caller: Caller;
  idempotencyKey: string | undefined;
  /** `X-Stainless-Retry-Count`: how often the client's library sent this before; null from a client that does not count. */
  retryCount: number | null;
  receivedAt: Date;
}

/** A client library gives up long before; a repeat after this is meant. */
const REPLAY_WINDOW_MS = 10 * 60_000;
const DEFAULT_PRIORITY = 50;
const DEFAULT_MAX_ATTEMPTS = 3;

/**
 * Makes a job of a request, once: the same Idempotency-Key gives the first job, and so does a client library's own retry, which brings no key
 * but says that it is one. The retry may overtake its first request, here or at another API: whichever comes second gets the job of the other.
 */
export async function submitJob(context: ApiContext, { body, caller, ...submission }: Submission): Promise<FineTuningJob> {
  const request = validate(createJobRequestSchema, body.value);
  const plan = await planJob(context, caller, request);
  const input: NewJob = {
    id: makeId('ftjob', takeRandomBytes),
    projectId: caller.projectId,
    poolId: plan.poolId,
    spec: plan.spec,
    priority: request.capstan?.priority ?? DEFAULT_PRIORITY,
    maxAttempts: request.capstan?.max_attempts ?? DEFAULT_MAX_ATTEMPTS,
    metadata: request.metadata ?? null,
    owner: caller.keyName,
    estimate: plan.estimate,
    ...claimOf(submission, hash('sha256', body.bytes, 'hex')),
  };
  return createAndEnqueue(context, input, plan.gpus);
}

/** By what a repetition of the request is recognised. */
function claimOf(
  { idempotencyKey, retryCount, receivedAt }: Omit<Submission, 'body' | 'caller'>,
  bodyHash: string,
): Pick<NewJob, 'bodyHash' | 'idempotency' | 'repeatable'> {
  if (idempotencyKey !== undefined) return { bodyHash, idempotency: { key: idempotencyKey, bodyHash } };
  if (retryCount === null) return { bodyHash };
  const since = new Date(receivedAt.getTime() - REPLAY_WINDOW_MS);
  return { bodyHash, repeatable: { bodyHash, isRetry: retryCount > 0, since, receivedAt } };
}

/** Postgres keeps the key, and people read it: printable ASCII, not too long. */
export function checkIdempotencyKey(key: string | undefined): string | undefined {
  if (key === undefined || /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new InvalidRequestError('An Idempotency-Key has 1 to 255 printable ASCII characters.', {
    param: 'idempotency-key',
    reason: 'invalid_value',
  });
}
