import type { LogObject } from '@capstan/core';
import { Command } from 'commander';
import { wholeNumber } from '../arguments.ts';
import type { CliContext } from '../cli-context.ts';
import { formatInstant } from '../output/format.ts';
import { type Session, withSession } from '../session.ts';

interface LogsOptions {
  follow?: boolean;
  attempt?: number;
}

export function logsCommand(context: CliContext): Command {
  return new Command('logs')
    .argument('<id>')
    .description('log lines of the ranks of a job, oldest first')
    .option('-f, --follow', 'go on until the job ends')
    .option('--attempt <n>', 'only of this attempt', wholeNumber)
    .action(withSession(context, (session, options: LogsOptions, [id = '']) => logs(session, id, options)));
}

async function logs(session: Session, id: string, { follow, attempt }: LogsOptions): Promise<void> {
  if (!follow) return printAll(session, id, attempt);
  for await (const message of session.client().jobs.stream(id, { signal: session.context.signal })) {
    if (message.type === 'log' && (attempt === undefined || message.data.attempt === attempt)) printLog(session, message.data);
  }
}

async function printAll(session: Session, id: string, attempt: number | undefined): Promise<void> {
  const jobs = session.client().jobs;
  let after: number | undefined;
  for (;;) {
    const page = await jobs.listLogs(id, { after, attempt }, { signal: session.context.signal });
    for (const log of page.data) printLog(session, log);
    after = page.data.at(-1)?.seq;
    if (!page.has_more || after === undefined) return;
  }
}

function printLog({ output }: Session, log: LogObject): void {
  const level = log.level === 'info' ? '' : `${output.colors.yellow(log.level)} `;
  output.item(log, () => `${output.colors.dim(`${formatInstant(log.created_at)} a${log.attempt} r${log.rank}`)} ${level}${log.message}`);
}
