import { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { type DemoOptions, runDemo } from '../demo/run-demo.ts';
import { withSession } from '../session.ts';

export function demoCommand(context: CliContext): Command {
  return new Command('demo')
    .description('from a base model to a served adapter in a few minutes, told as it goes')
    .option('--keep', 'leave the platform up afterwards, until Ctrl-C')
    .action(withSession(context, (session, options: DemoOptions) => runDemo(session, options)));
}
