import type { FileObject } from '@capstan/core';
import { Command } from 'commander';
import { wholeNumber } from '../arguments.ts';
import type { CliContext } from '../cli-context.ts';
import { formatBytes, formatInstant } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import { reportText } from '../present/report-text.ts';
import { type Session, withSession } from '../session.ts';
import { uploadFile } from './upload-file.ts';

export function filesCommand(context: CliContext): Command {
  const files = new Command('files').description('datasets: upload, check, list, delete');
  files
    .command('upload <path>')
    .description('upload a JSONL dataset and show what was found in it')
    .action(withSession(context, (session, _options, [path = '']) => upload(session, path)));
  files
    .command('list')
    .description('files of the project, newest first')
    .option('--limit <n>', 'how many at most', wholeNumber, 50)
    .action(withSession(context, (session, { limit }: { limit: number }) => list(session, limit)));
  files
    .command('get <id>')
    .description('one file')
    .action(withSession(context, (session, _options, [id = '']) => get(session, id)));
  files
    .command('report <id>')
    .description('rows, token lengths, duplicates and bad lines of a file')
    .action(withSession(context, (session, _options, [id = '']) => report(session, id)));
  files
    .command('delete <id>')
    .description('delete a file; jobs that use it keep its content')
    .action(withSession(context, (session, _options, [id = '']) => remove(session, id)));
  return files;
}

async function upload(session: Session, path: string): Promise<void> {
  const { output, context } = session;
  const file = await uploadFile(session, path);
  const found = await session.client().files.report(file.id, { signal: context.signal });
  output.result({ file, report: found }, () => `${output.colors.bold(file.id)}  ${file.filename}\n\n${reportText(found, output)}`);
}

async function list({ client, output, context: { signal } }: Session, limit: number): Promise<void> {
  const page = await client().files.list({ limit }, { signal });
  output.result(page, () => (page.data.length === 0 ? 'No files yet: `capstan files upload <path>`.' : filesTable(page.data, output)));
}

async function get({ client, output, context: { signal } }: Session, id: string): Promise<void> {
  const file = await client().files.retrieve(id, { signal });
  output.result(file, () => filesTable([file], output));
}

async function report({ client, output, context: { signal } }: Session, id: string): Promise<void> {
  const found = await client().files.report(id, { signal });
  output.result(found, () => reportText(found, output));
}

async function remove({ client, output, context: { signal } }: Session, id: string): Promise<void> {
  const deleted = await client().files.delete(id, { signal });
  output.result(deleted, () => `Deleted ${id}.`);
}

function filesTable(files: FileObject[], output: Output): string {
  const rows = files.map((file) => [file.id, file.filename, formatBytes(file.bytes), file.status, formatInstant(file.created_at)]);
  return output.table(rows, { headings: ['file', 'name', 'size', 'status', 'created'], alignRight: [2] });
}
