import { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { chatCommand } from './commands/chat.ts';
import { demoCommand } from './commands/demo.ts';
import { filesCommand } from './commands/files.ts';
import { jobsCommand } from './commands/jobs.ts';
import { keysCommand } from './commands/keys.ts';
import { modelsCommand } from './commands/models.ts';
import { poolsCommand } from './commands/pools.ts';
import { upCommand } from './commands/up.ts';

const HELP_FOOTER = `
Which platform: --base-url and --api-key, else CAPSTAN_BASE_URL and
CAPSTAN_API_KEY, else the one that \`capstan up\` started on this machine (its
credentials.json, in .capstan or CAPSTAN_DATA_DIR).

Exit status: 0 done · 1 error · 2 wrong usage · 3 not found · 4 not allowed ·
5 platform unavailable · 6 a watched job failed or was cancelled ·
130 interrupted`;

/** The whole command line. Nothing runs until it is parsed; errors are thrown, never printed here. */
export function buildProgram(context: CliContext): Command {
  const program = new Command('capstan')
    .description('Fine-tune language models on your own machines.')
    .version('0.1.0')
    .option('--json', 'print JSON: one document, or one line for each message of a stream')
    .option('--base-url <url>', 'address of the platform, e.g. http://127.0.0.1:8080/v1')
    .option('--api-key <key>', 'key to present')
    .addHelpText('after', HELP_FOOTER);
  for (const make of [upCommand, demoCommand, filesCommand, jobsCommand, modelsCommand, chatCommand, poolsCommand, keysCommand]) {
    program.addCommand(make(context));
  }
  settle(program, context);
  return program;
}

/** The same manners for every command: throw instead of exiting, write where the context says, list the global options too. */
function settle(command: Command, context: CliContext): void {
  command
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.stdout.write(text), writeErr: () => {} })
    .configureHelp({ showGlobalOptions: true, helpWidth: Math.min(context.stdout.columns ?? 80, 120) });
  for (const child of command.commands) settle(child, context);
}
