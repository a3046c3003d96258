import { ConflictError, type FineTuningJob, type JobEvent, NotFoundError, type Transition, transition } from '@capstan/core';
import { changesOfJob } from '../change.ts';
import { describeEvent } from './describe-event.ts';
import { findJob } from './find-job.ts';
import { changeOf } from './job-change.ts';
import type { JobContext } from './jobs.ts';
import { type ChangeWrite, type Effects, writeChange } from './write-change.ts';

export type Applied = { ok: true; job: FineTuningJob } | Extract<Transition, { ok: false }>;

const TRIES = 3;

/**
 * The only writer of `status`, besides `launch`, which applies `launched`. Allowed by the table in core or refused as a value; written
 * by compare-and-swap on `version`, read again and decided anew up to three times when another writer was first. Whoever is told `ok`
 * is the only one that is: of two equal events, one is applied and the other refused.
 */
export async function applyEvent({ sql, clock, announcer }: JobContext, id: string, event: JobEvent, effects?: Effects): Promise<Applied> {
  if (event.type === 'launched') throw new TypeError('A launch needs capacity: use launch().');
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const job = await findJob(sql, id);
    if (job === null) throw new NotFoundError(`There is no job ${id}.`);
    const allowed = transition(job.status, event.type);
    if (!allowed.ok) return allowed;
    // A verdict on one attempt must not fall on the next: the table alone cannot tell them apart.
    if (effects?.expectedEpoch !== undefined && effects.expectedEpoch !== job.epoch)
      return { ok: false, from: job.status, event: event.type };
    const now = clock.now();
    const change = changeOf(job, event, allowed.to, now);
    const write: ChangeWrite = { job, change, entry: describeEvent(job, event, allowed.to), now, ...failureOf(event) };
    const written = await writeChange(sql, effects === undefined ? write : { ...write, effects });
    if (written === null) continue;
    // After the commit: inside it, every change of status would wait for every other one's flush to disk.
    announcer.announce(...changesOfJob(id, written.poolId, written.status));
    return { ok: true, job: written };
  }
  throw new ConflictError(`Job ${id} is being changed by others; the event was not applied.`);
}

function failureOf(event: JobEvent): Pick<ChangeWrite, 'failure'> {
  return event.type === 'attemptFailed' || event.type === 'jobFailed' ? { failure: event } : {};
}
