import type { JobObject, JobStreamMessage } from '@capstan/core';
import { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { JobNotSucceededError } from '../cli-errors.ts';
import { followJob } from '../present/follow-job.ts';
import { jobText } from '../present/job-text.ts';
import { makeProgressDisplay } from '../present/progress-display.ts';
import { type Session, withSession } from '../session.ts';

export function watchCommand(context: CliContext): Command {
  return new Command('watch')
    .argument('<id>')
    .description('show the progress of a job until it ends; exit status 6 unless it succeeds')
    .action(withSession(context, (session, _options, [id = '']) => watchJob(session, id)));
}

/** Shows a job until it has ended; throws a JobNotSucceededError unless it succeeded. */
export async function watchJob(session: Session, id: string): Promise<void> {
  const { output, context } = session;
  const messages = session.client().jobs.stream(id, { signal: context.signal });
  const job = output.json ? await printMessages(messages, session) : await showProgress(messages, session);
  if (job === null || job.status === 'succeeded') return;
  throw new JobNotSucceededError(outcome(job));
}

async function showProgress(messages: AsyncIterable<JobStreamMessage>, { output, context }: Session): Promise<JobObject> {
  const job = await followJob(messages, makeProgressDisplay(output, { stream: context.stdout }));
  output.line();
  output.line(jobText(job, output));
  return job;
}

async function printMessages(messages: AsyncIterable<JobStreamMessage>, { output }: Session): Promise<JobObject | null> {
  let last: JobObject | null = null;
  for await (const message of messages) {
    output.item(message, () => null);
    if (message.type === 'done') last = message.data;
  }
  return last;
}

function outcome(job: JobObject): string {
  if (job.status === 'cancelled') return `Job ${job.id} was cancelled.`;
  const why = job.capstan.message ?? job.error?.message ?? 'no reason was given';
  return `Job ${job.id} failed: ${why}`;
}
