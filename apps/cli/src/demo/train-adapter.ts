import { randomUUID } from 'node:crypto';
import { AppError, type CreateJobRequest, type JobObject } from '@capstan/core';
import { followJob } from '../present/follow-job.ts';
import { makeProgressDisplay } from '../present/progress-display.ts';
import type { DemoContext } from './demo-context.ts';
import { INDENT } from './narrator.ts';

const CANCEL_TIMEOUT_MS = 5_000;

/** Submits the job and shows it until it has succeeded; a story that breaks off cancels it, so that the next one need not wait for it. */
export async function trainAdapter(demo: DemoContext, request: CreateJobRequest): Promise<JobObject> {
  const { client, narrator, output, stdout, signal } = demo;
  const submitted = await client.jobs.create(request, { idempotencyKey: randomUUID(), signal });
  narrator.say(`Submitted as ${submitted.id}. What follows arrives over the event stream of the job.`);
  output.line();
  try {
    const job = await followJob(
      client.jobs.stream(submitted.id, { signal }),
      makeProgressDisplay(output, { stream: stdout, indent: INDENT }),
    );
    if (job.status === 'succeeded') return job;
    throw new AppError('internal', `The job ${job.status}: ${job.capstan.message ?? 'no reason was given'}`);
  } catch (error) {
    await client.jobs.cancel(submitted.id, { signal: AbortSignal.timeout(CANCEL_TIMEOUT_MS) }).catch(() => {});
    throw error;
  }
}
