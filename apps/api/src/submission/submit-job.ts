import { hash } from 'node:crypto';
import { createJobRequestSchema, type FineTuningJob, InvalidRequestError } from '@capstan/core';
import { makeId } from '@capstan/db';
import type { ApiContext } from '../api-context.ts';
import type { Caller } from '../http/authenticate.ts';
import type { JsonBody } from '../http/read-json-body.ts';
import { validate } from '../http/validate.ts';
import { takeRandomBytes } from '../random-bytes.ts';
import { planJob } from './plan-job.ts';

export interface Submission {
  body: JsonBody;
  caller: Caller;
  idempotencyKey: string | undefined;
  /** `X-Stainless-Retry-Count`: how often the client's library sent this before. */
  retryCount: number;
}

/** A client library gives up long before; a repeat after this is meant. */
const REPLAY_WINDOW_MS = 10 * 60_000;
const DEFAULT_PRIORITY = 50;
const DEFAULT_MAX_ATTEMPTS = 3;

export type SubmitJob = (submission: Submission) => Promise<FineTuningJob>;

/**
 * Makes a job of a request, once: the same Idempotency-Key gives the first job, and so does a client library's own retry, which brings no key but
 * says that it is one. The retry may overtake its first request, so it waits for equal requests that are still on their way here.
 */
export function createSubmitJob(context: ApiContext): SubmitJob {
  const underway = new Map<string, Promise<FineTuningJob>>();
  return async (submission) => {
    const { caller, idempotencyKey, retryCount } = submission;
    const bodyHash = hash('sha256', submission.body.bytes, 'hex');
    const sameRequest = `${caller.keyId}/${bodyHash}`;
    if (retryCount > 0 && idempotencyKey === undefined) {
      const first = await underway.get(sameRequest)?.catch(() => null);
      const replayed = first ?? (await findReplay(context, caller, bodyHash));
      if (replayed) return replayed;
    }
    const creating = create(context, submission, bodyHash);
    underway.set(sameRequest, creating);
    try {
      return await creating;
    } finally {
      if (underway.get(sameRequest) === creating) underway.delete(sameRequest);
    }
  };
}

function findReplay({ db, clock }: ApiContext, { projectId }: Caller, bodyHash: string): Promise<FineTuningJob | null> {
  return db.jobs.findRecentReplay(projectId, bodyHash, new Date(clock.now().getTime() - REPLAY_WINDOW_MS));
}

async function create(context: ApiContext, { body, caller, idempotencyKey }: Submission, bodyHash: string): Promise<FineTuningJob> {
  const request = validate(createJobRequestSchema, body.value);
  const plan = await planJob(context, caller, request);
  const { job, created } = await context.db.jobs.create({
    id: makeId('ftjob', takeRandomBytes),
    projectId: caller.projectId,
    poolId: plan.poolId,
    spec: plan.spec,
    priority: request.capstan?.priority ?? DEFAULT_PRIORITY,
    maxAttempts: request.capstan?.max_attempts ?? DEFAULT_MAX_ATTEMPTS,
    metadata: request.metadata ?? null,
    estimate: plan.estimate,
    bodyHash,
    ...(idempotencyKey === undefined ? {} : { idempotency: { key: idempotencyKey, bodyHash } }),
  });
  if (created) {
    context.metrics.jobsCreated.inc({ pool: job.poolId });
    await enqueue(context, job);
  }
  return job;
}

/** The row is the job; an entry that cannot be added now is added by the scheduler's sweep, so the request succeeds without it. */
export async function enqueue({ queue, clock, logger }: ApiContext, job: FineTuningJob): Promise<void> {
  const { poolId, id: jobId, priority, notBefore } = job;
  try {
    await queue.enqueue({ poolId, jobId, attempt: job.attempt + 1, priority, notBefore, now: clock.now() });
  } catch (err) {
    logger.warn({ err, jobId, poolId }, 'a job was not enqueued; the sweep will do it');
  }
}

/** Postgres keeps the key, and people read it: printable ASCII, not too long. */
export function checkIdempotencyKey(key: string | undefined): string | undefined {
  if (key === undefined || /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new InvalidRequestError('An Idempotency-Key has 1 to 255 printable ASCII characters.', {
    param: 'idempotency-key',
    reason: 'invalid_value',
  });
}
