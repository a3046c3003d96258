import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import type { FileObject } from '@capstan/core';
import { reportText } from '../present/report-text.ts';
import type { DemoContext } from './demo-context.ts';

/** Uploads the training and the validation set and shows what the server found in them. */
export async function uploadDatasets(demo: DemoContext): Promise<{ training: string; validation: string }> {
  const { narrator } = demo;
  narrator.say('A dataset is a JSONL file: one conversation a line. It is checked while it is uploaded, before any worker is paid for.');
  const training = await upload(demo, 'train.jsonl');
  const validation = await upload(demo, 'valid.jsonl');
  return { training: training.id, validation: validation.id };
}

async function upload({ client, narrator, output, signal, datasetDir }: DemoContext, filename: string): Promise<FileObject> {
  const file = await client.files.create(
    { file: await openAsBlob(join(datasetDir, filename)), filename, purpose: 'fine-tune' },
    { signal },
  );
  const report = await client.files.report(file.id, { signal });
  const narrower = { ...output, columns: Math.min(output.columns, 100) - 4 };
  narrator.show(`${output.colors.bold(filename)} → ${file.id}\n${reportText(report, narrower)}`);
  return file;
}
