import { JOB_STATUSES, type JobStatus } from '@capstan/core';
import { Command } from 'commander';
import { oneOf, wholeNumber } from '../arguments.ts';
import type { CliContext } from '../cli-context.ts';
import { formatInstant } from '../output/format.ts';
import { jobsTable, jobText } from '../present/job-text.ts';
import { type Session, withSession } from '../session.ts';
import { createJobCommand, estimateJobCommand } from './job-create.ts';
import { logsCommand } from './job-logs.ts';
import { watchCommand } from './job-watch.ts';

interface ListOptions {
  limit: number;
  after?: string;
  state?: JobStatus;
  pool?: string;
}

export function jobsCommand(context: CliContext): Command {
  const jobs = new Command('jobs').description('fine-tuning jobs');
  jobs.addCommand(createJobCommand(context));
  jobs.addCommand(estimateJobCommand(context));
  jobs
    .command('list')
    .description('jobs of the project, newest first')
    .option('--limit <n>', 'how many at most', wholeNumber, 20)
    .option('--after <id>', 'go on after this job')
    .option('--state <state>', `one of ${JOB_STATUSES.join(', ')}`, oneOf(JOB_STATUSES))
    .option('--pool <id>', 'only jobs of this pool')
    .action(withSession(context, list));
  jobs
    .command('get <id>')
    .description('one job: its state, why it waits, progress, settings, cost')
    .action(withSession(context, (session, _options, [id = '']) => get(session, id)));
  jobs.addCommand(watchCommand(context));
  jobs.addCommand(logsCommand(context));
  jobs
    .command('events <id>')
    .description('what happened to a job, oldest first')
    .option('--limit <n>', 'the last so many', wholeNumber, 50)
    .action(withSession(context, (session, { limit }: { limit: number }, [id = '']) => events(session, id, limit)));
  for (const [action, description] of ACTIONS) {
    jobs
      .command(`${action} <id>`)
      .description(description)
      .action(withSession(context, (session, _options, [id = '']) => act(session, action, id)));
  }
  return jobs;
}

const ACTIONS = [
  ['cancel', 'stop a job for good'],
  ['pause', 'stop a job after a checkpoint, to be resumed later'],
  ['resume', 'queue a paused job again; it goes on from its last checkpoint'],
] as const;

async function list({ client, output, context: { signal } }: Session, { limit, after, state, pool }: ListOptions): Promise<void> {
  const page = await client().jobs.list({ limit, after, state, pool }, { signal });
  output.result(page, () => (page.data.length === 0 ? 'No jobs yet: `capstan jobs create`.' : jobsTable(page.data, output)));
  if (page.has_more) output.note(`There are more: --after ${page.data.at(-1)?.id}`);
}

async function get({ client, output, context: { signal } }: Session, id: string): Promise<void> {
  const job = await client().jobs.retrieve(id, { signal });
  output.result(job, () => jobText(job, output));
}

async function act({ client, output, context: { signal } }: Session, action: 'cancel' | 'pause' | 'resume', id: string): Promise<void> {
  const job = await client().jobs[action](id, { signal });
  output.result(job, () => `${job.id} is ${job.capstan.state}.${job.capstan.message === null ? '' : ` ${job.capstan.message}`}`);
}

async function events({ client, output, context: { signal } }: Session, id: string, limit: number): Promise<void> {
  const page = await client().jobs.listEvents(id, { limit }, { signal });
  const rows = page.data.toReversed().map((event) => [formatInstant(event.created_at), event.level, event.message]);
  output.result(page, () => output.table(rows, { headings: ['at', 'level', 'event'] }));
}
