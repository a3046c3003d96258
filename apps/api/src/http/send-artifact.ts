import { pipeline } from 'node:stream/promises';
import { NotFoundError } from '@capstan/core';
import type { Response } from 'express';
import type { ApiContext } from '../api-context.ts';
import { clientSignal } from './client-signal.ts';

/** Streams content out at the reader's pace. A reader that leaves ends it quietly. */
export async function sendArtifact(
  { artifacts, shutdown }: Pick<ApiContext, 'artifacts' | 'shutdown'>,
  response: Response,
  file: { sha256: string; filename: string },
): Promise<void> {
  const signal = clientSignal(response, shutdown);
  const stored = await artifacts.stat(file.sha256);
  if (!stored) throw new NotFoundError(`The content of '${file.filename}' is no longer stored.`, { reason: 'content_not_found' });
  response.attachment(file.filename);
  response.type('application/octet-stream');
  response.setHeader('content-length', String(stored.bytes));
  try {
    await pipeline(artifacts.read(file.sha256, { signal }), response);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
