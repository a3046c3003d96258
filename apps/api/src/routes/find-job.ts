import { type FineTuningJob, InvalidRequestError, NotFoundError } from '@capstan/core';
import type { ApiContext } from '../api-context.ts';

/** The project's job; another project's is as absent as one that never was. */
export async function findJob({ db }: Pick<ApiContext, 'db'>, projectId: string, id: string): Promise<FineTuningJob> {
  const job = await db.jobs.get(id, projectId);
  if (job) return job;
  throw new NotFoundError(`There is no fine-tuning job '${id}' in this project.`, { param: 'fine_tuning_job_id', reason: 'job_not_found' });
}

export function unknownCursor(): InvalidRequestError {
  return new InvalidRequestError("Invalid value for 'after'. It is not the id of an item in this list.", {
    param: 'after',
    reason: 'invalid_cursor',
  });
}
