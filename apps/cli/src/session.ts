import { type CapstanClient, createClient } from '@capstan/client';
import type { Command } from 'commander';
import type { CliContext } from './cli-context.ts';
import { UsageError } from './cli-errors.ts';
import { makeOutput, type Output } from './output/output.ts';
import { readCredentials } from './platform/credentials.ts';
import { defaultDataDir } from './platform/data-dir.ts';

/** Options that every command takes. */
interface GlobalOptions {
  json?: boolean;
  baseUrl?: string;
  apiKey?: string;
}

/** What one run of a command works with. */
export interface Session {
  context: CliContext;
  output: Output;
  /** Speaks to the platform that the options, the environment or `credentials.json` name; throws when none of them does. */
  client: () => CapstanClient;
}

function makeSession(context: CliContext, command: Command): Session {
  const options = command.optsWithGlobals<GlobalOptions>();
  return {
    context,
    output: makeOutput(context, { json: options.json === true }),
    client: () => createClient({ ...resolveConnection(context.env, options), clock: context.clock, fetch: context.fetch }),
  };
}

/** Turns a function of the session and the options into a commander action. `args` are the positional arguments. */
export function withSession<Options extends object>(
  context: CliContext,
  run: (session: Session, options: Options, args: string[]) => Promise<void>,
): (...parameters: unknown[]) => Promise<void> {
  return (...parameters) => {
    const command = parameters.at(-1) as Command;
    return run(makeSession(context, command), command.opts<Options>(), command.args);
  };
}

/** The address and the key: each from the option, else the environment, else `credentials.json` of the platform on this machine. */
export function resolveConnection(env: CliContext['env'], options: GlobalOptions): { baseUrl: string; apiKey: string } {
  const givenUrl = options.baseUrl ?? (env.CAPSTAN_BASE_URL || undefined);
  const givenKey = options.apiKey ?? (env.CAPSTAN_API_KEY || undefined);
  const local = givenUrl === undefined || givenKey === undefined ? readCredentials(defaultDataDir(env).credentialsFile) : null;
  const baseUrl = givenUrl ?? local?.baseUrl;
  if (baseUrl === undefined) {
    throw new UsageError('No platform is known here. Start one with `capstan up`, or give --base-url and --api-key.');
  }
  // The key of the platform on this machine is not sent to another one.
  const apiKey = givenKey ?? (local !== null && sameOrigin(local.baseUrl, baseUrl) ? local.apiKey : undefined);
  if (apiKey === undefined) throw new UsageError(`No key is known for ${baseUrl}. Give one with --api-key or CAPSTAN_API_KEY.`);
  return { baseUrl: withVersion(baseUrl), apiKey };
}

/** OpenAI's clients want the version in the address; people leave it out. */
function withVersion(baseUrl: string): string {
  const trimmed = baseUrl.replace(/\/+$/, '');
  return /\/v\d+$/.test(trimmed) ? trimmed : `${trimmed}/v1`;
}

function sameOrigin(one: string, other: string): boolean {
  return URL.canParse(one) && URL.canParse(other) && new URL(one).origin === new URL(other).origin;
}
