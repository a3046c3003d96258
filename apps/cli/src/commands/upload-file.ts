import { existsSync, openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import type { FileObject } from '@capstan/core';
import { UsageError } from '../cli-errors.ts';
import type { Session } from '../session.ts';

/** Sends a file of this machine, read from the disk as it is sent. */
export async function uploadFile({ client, context: { signal } }: Session, path: string): Promise<FileObject> {
  if (!existsSync(path)) throw new UsageError(`There is no file ${path} here.`);
  return client().files.create({ file: await openAsBlob(path), filename: basename(path), purpose: 'fine-tune' }, { signal });
}

/** The id of an uploaded file: `reference` itself when it is one, else that of the local file, uploaded now. */
export async function fileIdOf(session: Session, reference: string): Promise<string> {
  if (!existsSync(reference) && /^file-[a-z0-9]+$/.test(reference)) return reference;
  const file = await uploadFile(session, reference);
  session.output.note(`Uploaded ${reference} as ${file.id}.`);
  return file.id;
}
