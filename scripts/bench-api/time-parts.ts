import { randomBytes } from 'node:crypto';
import { createJobRequestSchema, type FineTuningJob } from '@capstan/core';
import { type Database, makeId, openDatabase } from '@capstan/db';
import { createQueue } from '@capstan/queue';
import { systemClock } from '@capstan/runtime';
import type { BenchServices } from '../bench-services.ts';

const CONCURRENCY = 50;
const REPEATS = 3_000;

/** What the API does for one request, each part alone and as busy as at 50 connections: where the time goes. */
export async function timeParts({ postgresUrl, redisUrl }: BenchServices, body: string): Promise<string[]> {
  const db = openDatabase({ url: postgresUrl, clock: systemClock, poolSize: 10 });
  const queue = createQueue(redisUrl === null ? { postgresUrl } : { redisUrl }, { prefix: 'bench-parts' });
  try {
    const [template] = (await db.jobs.list({ limit: 1 })).jobs;
    if (!template) throw new Error('The bench made no job.');
    const parsing = timeParsing(body);
    const creating = await timeMany(() => createCopy(db, template));
    const adding = await timeMany(() =>
      queue.enqueue({ poolId: 'bench', jobId: makeId('ftjob', randomBytes), attempt: 1, priority: 50, now: new Date() }),
    );
    return [
      'Each part alone, at the same concurrency, per request:',
      `  reading and checking the body  ${Math.round(parsing)} µs`,
      `  row and first event            ${Math.round(creating)} µs`,
      `  entry in the pool's queue      ${Math.round(adding)} µs`,
    ];
  } finally {
    await queue.close();
    await db.close();
  }
}

function timeParsing(body: string): number {
  const startedAt = performance.now();
  for (let index = 0; index < REPEATS; index++) createJobRequestSchema.parse(JSON.parse(body));
  return ((performance.now() - startedAt) * 1000) / REPEATS;
}

/** Microseconds of wall time per call with many calls under way. */
async function timeMany(call: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  const lane = async () => {
    for (let index = 0; index < REPEATS / CONCURRENCY; index++) await call();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  return ((performance.now() - startedAt) * 1000) / REPEATS;
}

function createCopy(db: Database, { projectId, poolId, spec, priority, maxAttempts, metadata, estimate }: FineTuningJob) {
  const id = makeId('ftjob', randomBytes);
  return db.jobs.create({ id, projectId, poolId, spec, priority, maxAttempts, metadata, estimate, bodyHash: 'bench' });
}
