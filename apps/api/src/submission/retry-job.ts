import { billedUnits, ConflictError, type FineTuningJob, InvalidRequestError } from '@capstan/core';
import { type Model, makeId, type NewJob } from '@capstan/db';
import type { ApiContext } from '../api-context.ts';
import type { Caller } from '../http/authenticate.ts';
import { takeRandomBytes } from '../random-bytes.ts';
import { createAndEnqueue } from './create-and-enqueue.ts';
import { refuseTooWide } from './plan-job.ts';

/** States that a job can be tried anew from; a job that waits or runs is still being tried. */
const RETRIABLE: readonly FineTuningJob['status'][] = ['failed', 'cancelled'];

/** A job of its own with the same settings, seed included, and the name of the first; asked for twice, it is one. The first job stays as it ended. */
export async function retryJob(context: ApiContext, first: FineTuningJob, caller: Caller): Promise<FineTuningJob> {
  if (!RETRIABLE.includes(first.status)) {
    const message = `The job is ${first.status}: only one that failed or was cancelled can be tried again.`;
    throw new ConflictError(message, { reason: 'invalid_job_state' });
  }
  const { artifacts: baseModel } = await findBaseOf(context, first);
  const { projectId, poolId, priority, maxAttempts, metadata, estimate } = first;
  // What the first began with may be gone by now.
  const spec = { ...first.spec, baseModel };
  const { pool } = await context.lookups.pool(poolId);
  refuseTooWide(pool, spec);
  const key = `retry of ${first.id}`;
  const input: NewJob = {
    ...{ id: makeId('ftjob', takeRandomBytes), projectId, poolId, spec, priority, maxAttempts, metadata, estimate },
    owner: caller.keyName,
    retryOf: first.id,
    idempotency: { key, bodyHash: key },
  };
  return createAndEnqueue(context, input, billedUnits(pool, spec.resources.workers));
}

/** The base as it is now; refuses where it, or a file, is gone. A worker would find out too, after it was launched. */
async function findBaseOf({ lookups }: ApiContext, { projectId, spec }: FineTuningJob): Promise<Model> {
  const files = [spec.trainingFile, spec.validationFile].filter((id) => id !== null);
  const found = await Promise.all(files.map((id) => lookups.file(projectId, id)));
  const gone = files.find((_id, index) => found[index] === null);
  if (gone !== undefined) {
    throw new InvalidRequestError(`File '${gone}' of the job is no longer there: upload it again and submit a new job.`, {
      param: gone === spec.trainingFile ? 'training_file' : 'validation_file',
      reason: 'file_not_found',
    });
  }
  const model = await lookups.model(projectId, spec.model);
  if (model !== null) return model;
  throw new InvalidRequestError(`The model '${spec.model}' of the job is no longer there.`, { param: 'model', reason: 'model_not_found' });
}
