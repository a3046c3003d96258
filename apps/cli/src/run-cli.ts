import { ShutdownError } from '@capstan/core';
import { CommanderError } from 'commander';
import type { CliContext } from './cli-context.ts';
import { ReportedError } from './cli-errors.ts';
import { describeError, errorDocument } from './describe-error.ts';
import { exitCodeOf } from './exit-code.ts';
import { makeOutput } from './output/output.ts';
import { buildProgram } from './program.ts';

/** As shells report a program that Ctrl-C ended: 128 + SIGINT. */
const INTERRUPTED = 130;

/** Runs one command line and answers the exit status; what went wrong is one line on standard error. */
export async function runCli(context: CliContext, args: string[]): Promise<number> {
  try {
    await buildProgram(context).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof ShutdownError) return INTERRUPTED;
    const code = exitCodeOf(error);
    if (code !== 0 && !(error instanceof ReportedError)) report(context, error, args.includes('--json'));
    return code;
  }
}

function report(context: CliContext, error: unknown, json: boolean): void {
  const shown = error instanceof CommanderError ? usageError(error) : error;
  const { colors } = makeOutput({ ...context, stdout: context.stderr }, { json });
  context.stderr.write(json ? `${JSON.stringify(errorDocument(shown))}\n` : `${colors.red(describeError(shown))}\n`);
  if (context.env.CAPSTAN_DEBUG && error instanceof Error) context.stderr.write(`${error.stack}\n`);
}

/** Commander says "error: unknown option '--x'"; a bare group of commands prints its help and says nothing. */
function usageError({ code, message }: CommanderError): Error {
  if (code === 'commander.help') return new Error('Name one of the commands; `--help` lists them.');
  const sentence = message.replace(/^error: /, '').split('\n');
  const [first = ''] = sentence;
  const text = [`${first.charAt(0).toUpperCase()}${first.slice(1)}`, ...sentence.slice(1)].join(' ');
  return new Error(`${text.replace(/\.$/, '')}. See --help.`);
}
