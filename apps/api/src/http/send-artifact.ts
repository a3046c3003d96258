import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import type { ApiContext } from '../api-context.ts';
import { clientSignal } from './client-signal.ts';

/** Streams content out at the reader's pace. A reader that leaves ends it quietly. */
export async function sendArtifact(
  { artifacts, shutdown }: Pick<ApiContext, 'artifacts' | 'shutdown'>,
  response: Response,
  file: { sha256: string; bytes: number; filename: string },
): Promise<void> {
  const signal = clientSignal(response, shutdown);
  const content = artifacts.read(file.sha256, { signal });
  response.attachment(file.filename);
  response.type('application/octet-stream');
  response.setHeader('content-length', String(file.bytes));
  try {
    await pipeline(content, response);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
