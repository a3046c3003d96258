import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { JobObject } from '@capstan/core';
import type { DemoContext } from './demo-context.ts';

/** Fetches the files of the trained adapter; answers the folder that holds them. A file appears whole or not at all. */
export async function downloadAdapter({ client, dataDir, signal }: DemoContext, job: JobObject): Promise<string> {
  const folder = join(dataDir.adapters, folderName(job));
  await mkdir(folder, { recursive: true });
  const files = await client.jobs.listAdapterFiles(job.id, { signal });
  for (const { path } of files.data) {
    const response = await client.jobs.adapterFile(job.id, path, { signal });
    if (response.body === null) continue;
    const draft = join(folder, `.${basename(path)}.part`);
    await pipeline(Readable.fromWeb(response.body), createWriteStream(draft), { signal });
    await rename(draft, join(folder, basename(path)));
  }
  return folder;
}

/** Model names hold colons, which some file systems refuse. */
function folderName(job: JobObject): string {
  return (job.fine_tuned_model ?? job.id).replace(/[^A-Za-z0-9._-]+/g, '-');
}
