import { ConflictError, type FineTuningJob, updateJobRequestSchema } from '@capstan/core';
import type { ApiContext } from '../api-context.ts';
import { type Exchange, endpoint, pathPart } from '../http/endpoint.ts';
import { readJsonBody } from '../http/read-json-body.ts';
import { sendJson } from '../http/send-json.ts';
import { validate } from '../http/validate.ts';
import { presentJob } from '../present-jobs.ts';
import { findJob } from './find-job.ts';

/** Tries, and the pause between two, while a scheduler holds the entry: it launches it or puts it back within moments. */
const MOVES = 10;
const MOVE_PAUSE_MS = 50;

/** PATCH of a job: another priority for one that waits. Sent again, it also puts right an entry that did not follow its row. */
export function updateJob(context: ApiContext) {
  const { authenticate, db, lookups, settings } = context;
  return endpoint(authenticate, 'operator', async ({ request, response, caller }: Exchange) => {
    const before = await findJob(context, caller.projectId, pathPart(request, 'jobId'));
    const { priority } = validate(updateJobRequestSchema, (await readJsonBody(request, settings.maxJsonBytes)).value);
    const written = await db.jobs.reprioritise(before.id, priority);
    if (written === null) {
      const message = `The job is ${before.status}: only one that is queued or paused can get another priority.`;
      throw new ConflictError(message, { reason: 'invalid_job_state' });
    }
    const { job, changed } = written;
    if (job.status === 'queued') await moveEntry(context, job);
    lookups.forgetPool(job.poolId);
    if (changed) {
      const author = { projectId: caller.projectId, apiKeyId: caller.keyId };
      await db.audit.append({
        ...author,
        action: 'job.update',
        subject: job.id,
        before: { priority: before.priority },
        after: { priority },
      });
    }
    sendJson(response, await presentJob(context, job));
  });
}

/** The row is written: an entry that cannot be moved now keeps its old place until the request is sent again, and is launched all the same. */
async function moveEntry({ queue, clock, logger }: ApiContext, { poolId, id: jobId, attempt, priority, notBefore }: FineTuningJob) {
  const entry = { poolId, jobId, attempt: attempt + 1, priority, notBefore };
  try {
    for (let move = 1; move <= MOVES; move += 1) {
      if (await queue.reprioritise({ ...entry, now: clock.now() })) return;
      await clock.sleep(MOVE_PAUSE_MS);
    }
    logger.info({ jobId, poolId }, 'an entry was not moved: its launch is under way');
  } catch (err) {
    logger.warn({ err, jobId, poolId }, 'an entry was not moved');
  }
}
