import { randomUUID } from 'node:crypto';
import type { CreateJobRequest } from '@capstan/core';
import { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { estimateText } from '../present/estimate-text.ts';
import { jobText } from '../present/job-text.ts';
import { type Session, withSession } from '../session.ts';
import { buildJobRequest, type JobOptions, jobOptions } from './job-options.ts';
import { watchJob } from './job-watch.ts';
import { fileIdOf } from './upload-file.ts';

interface CreateOptions extends JobOptions {
  watch?: boolean;
  idempotencyKey?: string;
}

export function createJobCommand(context: CliContext): Command {
  return withJobOptions(new Command('create'))
    .description('submit a job; files of this machine are uploaded first')
    .option('--watch', 'then show its progress until it ends')
    .option('--idempotency-key <key>', 'the same key makes the same job, however often it is sent')
    .action(withSession(context, create));
}

export function estimateJobCommand(context: CliContext): Command {
  return withJobOptions(new Command('estimate'))
    .description('steps, time, memory and cost of a job, without running it')
    .action(withSession(context, estimate));
}

function withJobOptions(command: Command): Command {
  command
    .requiredOption('--model <id>', 'the model to start from')
    .requiredOption('--train <file>', 'training file: a path here, or the id of an uploaded file')
    .option('--validate <file>', 'validation file, likewise');
  for (const option of jobOptions()) command.addOption(option);
  return command;
}

async function create(session: Session, options: CreateOptions): Promise<void> {
  const { output, context } = session;
  const request = await requestOf(session, options);
  const idempotencyKey = options.idempotencyKey ?? randomUUID();
  const job = await session.client().jobs.create(request, { idempotencyKey, signal: context.signal });
  if (options.watch) {
    output.note(`Submitted ${job.id}.`);
    return watchJob(session, job.id);
  }
  output.result(job, () => `${jobText(job, output)}\n\nFollow it with \`capstan jobs watch ${job.id}\`.`);
}

async function estimate(session: Session, options: JobOptions): Promise<void> {
  const { output, context } = session;
  const found = await session.client().jobs.estimate(await requestOf(session, options), { signal: context.signal });
  output.result(found, () => estimateText(found, output));
}

async function requestOf(session: Session, options: JobOptions): Promise<CreateJobRequest> {
  const training = await fileIdOf(session, options.train);
  const validation = options.validate === undefined ? null : await fileIdOf(session, options.validate);
  return buildJobRequest(options, { training, validation });
}
