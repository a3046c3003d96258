import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { DEFAULT_SOURCE_TOKENS, DEFAULT_TARGET_TOKENS, InvalidRequestError, uploadFieldsSchema } from '@capstan/core';
import { type DatasetInspection, inspectDataset } from '@capstan/datasets';
import { type FileRecord, makeId } from '@capstan/db';
import type { ApiContext } from '../api-context.ts';
import { validate } from '../http/validate.ts';
import { DatasetRefusedError } from './dataset-refused-error.ts';
import { type ReceivedUpload, receiveUpload } from './receive-upload.ts';

/** The uploaded file, checked, stored and recorded; a dataset with bad lines is refused here and now, not when a GPU waits for it. */
export async function storeUpload(
  context: ApiContext,
  request: IncomingMessage,
  { projectId, signal }: { projectId: string; signal: AbortSignal },
): Promise<FileRecord> {
  const { artifacts, clock, db, settings } = context;
  const id = makeId('file', randomBytes);
  const upload = await receiveUpload(request, { uploadsDir: settings.uploadsDir, maxBytes: settings.maxUploadBytes, name: id });
  try {
    const fields = validate(uploadFieldsSchema, upload.fields);
    if (upload.bytes === 0)
      throw new InvalidRequestError("Invalid value for 'file'. The file is empty.", { param: 'file', reason: 'invalid_value' });
    const inspection = fields.purpose === 'fine-tune' ? await inspect(context, upload, { projectId, signal }) : null;
    const { sha256, bytes } = await artifacts.put(createReadStream(upload.path), { signal });
    const fingerprints = inspection && (await artifacts.put(wholeOf(inspection.fingerprints), { signal })).sha256;
    const lifeSeconds = fields['expires_after[seconds]'];
    const now = clock.now();
    const expiresAt = lifeSeconds === undefined ? null : new Date(now.getTime() + lifeSeconds * 1000);
    const { filename } = upload;
    return await db.files.create({
      id,
      projectId,
      filename,
      purpose: fields.purpose,
      bytes,
      sha256,
      status: 'processed',
      report: inspection?.report ?? null,
      fingerprints,
      expiresAt,
    });
  } finally {
    await upload.discard();
  }
}

async function inspect(
  context: ApiContext,
  upload: ReceivedUpload,
  { projectId, signal }: { projectId: string; signal: AbortSignal },
): Promise<DatasetInspection> {
  if (!upload.filename.toLowerCase().endsWith('.jsonl')) {
    throw new InvalidRequestError(`Invalid value for 'file'. A dataset for fine-tuning is a .jsonl file; this is '${upload.filename}'.`, {
      param: 'file',
      reason: 'invalid_file_format',
    });
  }
  const inspection = await inspectDataset(createReadStream(upload.path), {
    tokenizer: (await context.reportTokenizer(projectId)) ?? undefined,
    maxSourceTokens: DEFAULT_SOURCE_TOKENS,
    maxTargetTokens: DEFAULT_TARGET_TOKENS,
    signal,
  });
  if (inspection.report.badRows > 0 || inspection.report.rows === 0) throw new DatasetRefusedError(inspection.report);
  return inspection;
}

async function* wholeOf(words: BigUint64Array): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
