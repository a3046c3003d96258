import { UnavailableError } from '@capstan/core';
import type { Created, NewJob } from './create-job.ts';
import type { Outcome } from './create-jobs-together.ts';

export interface CreateStatements {
  one: (job: NewJob) => Promise<Created>;
  many: (jobs: readonly NewJob[]) => Promise<Outcome[]>;
}

/** Two, so that Postgres works on one batch while the callers of the other are answered. */
const BATCHES_UNDER_WAY = 2;
const LARGEST_BATCH = 100;

interface Waiting {
  job: NewJob;
  resolve: (created: Created) => void;
  reject: (error: unknown) => void;
}

/**
 * Creates jobs as they come; those that come while Postgres is busy with earlier ones share a statement and its flush to disk, as a group
 * commit does. A lone job never waits. Nobody is answered before its own rows are committed, and a batch that fails is done again one by
 * one, so that a job pays for no fault but its own.
 */
export function gatherCreates({ one, many }: CreateStatements): (job: NewJob) => Promise<Created> {
  const waiting: Waiting[] = [];
  let underWay = 0;

  async function runNext(): Promise<void> {
    const batch = waiting.splice(0, LARGEST_BATCH);
    underWay += 1;
    await (batch.length === 1 ? settleAlone(batch) : settleTogether(batch));
    underWay -= 1;
    if (waiting.length > 0) void runNext();
  }

  async function settleTogether(batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await many(batch.map(({ job }) => job));
      outcomes.forEach((outcome, index) => {
        if (outcome.ok) batch[index]?.resolve(outcome.created);
        else batch[index]?.reject(outcome.error);
      });
    } catch (error) {
      // Without a database, doing it again one by one would only fail as often as there are jobs.
      if (error instanceof UnavailableError) for (const { reject } of batch) reject(error);
      else await settleAlone(batch);
    }
  }

  async function settleAlone(batch: readonly Waiting[]): Promise<void> {
    await Promise.all(batch.map(({ job, resolve, reject }) => one(job).then(resolve, reject)));
  }

  return (job) =>
    new Promise((resolve, reject) => {
      waiting.push({ job, resolve, reject });
      if (underWay < BATCHES_UNDER_WAY) void runNext();
    });
}
