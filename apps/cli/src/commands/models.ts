import type { ModelObject } from '@capstan/core';
import { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { formatCount, formatInstant } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import { type Session, withSession } from '../session.ts';
import { pullModelCommand } from './model-pull.ts';

export function modelsCommand(context: CliContext): Command {
  const models = new Command('models').description('base models and the results of jobs');
  models.command('list').description('models that can be used or trained').action(withSession(context, list));
  models
    .command('get <id>')
    .description('one model')
    .action(withSession(context, (session, _options, [id = '']) => get(session, id)));
  models
    .command('delete <id>')
    .description('delete a fine-tuned model')
    .action(withSession(context, (session, _options, [id = '']) => remove(session, id)));
  models.addCommand(pullModelCommand(context));
  return models;
}

async function list({ client, output, context: { signal } }: Session): Promise<void> {
  const page = await client().models.list({ signal });
  output.result(page, () => (page.data.length === 0 ? 'No models: the server was started without any.' : modelsTable(page.data, output)));
}

async function get({ client, output, context: { signal } }: Session, id: string): Promise<void> {
  const model = await client().models.retrieve(id, { signal });
  output.result(model, () => modelsTable([model], output));
}

async function remove({ client, output, context: { signal } }: Session, id: string): Promise<void> {
  const deleted = await client().models.delete(id, { signal });
  output.result(deleted, () => `Deleted ${id}.`);
}

function modelsTable(models: ModelObject[], output: Output): string {
  const rows = models.map(({ id, created, capstan }) => [
    id,
    capstan?.kind ?? '–',
    capstan?.base ?? '–',
    capstan?.parameter_count == null ? '–' : formatCount(capstan.parameter_count),
    formatInstant(created),
  ]);
  return output.table(rows, { headings: ['model', 'kind', 'base', 'parameters', 'created'], alignRight: [3] });
}
