import { API_KEY_ROLES, type ApiKeyRole } from '@capstan/core';
import { Command } from 'commander';
import { oneOf } from '../arguments.ts';
import type { CliContext } from '../cli-context.ts';
import { formatInstant } from '../output/format.ts';
import { type Session, withSession } from '../session.ts';

interface CreateOptions {
  role: ApiKeyRole;
  project?: string;
}

export function keysCommand(context: CliContext): Command {
  const keys = new Command('keys').description('API keys (administrators)');
  keys
    .command('create <name>')
    .description('make a key; it is shown once')
    .option('--role <role>', `one of ${API_KEY_ROLES.join(', ')}`, oneOf(API_KEY_ROLES), 'submitter')
    .option('--project <name>', 'the project it is for; made if it does not exist')
    .action(withSession(context, (session, options: CreateOptions, [name = '']) => create(session, name, options)));
  keys.command('list').description('keys without their secrets').action(withSession(context, list));
  keys
    .command('revoke <id>')
    .description('end a key at once')
    .action(withSession(context, (session, _options, [id = '']) => revoke(session, id)));
  return keys;
}

async function create({ client, output, context: { signal } }: Session, name: string, { role, project }: CreateOptions): Promise<void> {
  const made = await client().apiKeys.create({ name, role, ...(project === undefined ? {} : { project }) }, { signal });
  output.result(made, () => `${output.colors.bold(made.key ?? '')}\n\n${made.id}, ${made.role}. Keep the key now: it is not shown again.`);
}

async function list({ client, output, context: { signal } }: Session): Promise<void> {
  const page = await client().apiKeys.list({ signal });
  const rows = page.data.map((key) => [key.id, key.name, `…${key.hint}`, key.role, key.project_id, formatInstant(key.created_at)]);
  output.result(page, () => output.table(rows, { headings: ['id', 'name', 'key', 'role', 'project', 'created'] }));
}

async function revoke({ client, output, context: { signal } }: Session, id: string): Promise<void> {
  const deleted = await client().apiKeys.delete(id, { signal });
  output.result(deleted, () => `Revoked ${id}.`);
}
