import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { toDiskError } from '@capstan/artifacts';
import { AppError, CancelledError, InvalidRequestError } from '@capstan/core';
import busboy from 'busboy';
import { refuseUnstorable } from '../http/unstorable-text.ts';

export interface ReceivedUpload {
  fields: Record<string, string>;
  filename: string;
  bytes: number;
  /** Where the content rests until `discard` is called. */
  path: string;
  discard(): Promise<void>;
}

export interface ReceiveOptions {
  uploadsDir: string;
  maxBytes: number;
  /** The name of the temporary file. */
  name: string;
}

const LIMITS = { fields: 10, fieldSize: 1_024, fieldNameSize: 100, files: 1, headerPairs: 100 };
const MOST_NAME_LENGTH = 255;
/** Boundaries, headers and fields beside the file itself. */
const FORM_OVERHEAD_BYTES = 64 * 1024;

/**
 * A multipart form with one `file`, streamed to disk: memory holds a few chunks, however large it is. Fields may come before the file or after.
 * Nothing is left behind when it throws.
 */
export async function receiveUpload(request: IncomingMessage, options: ReceiveOptions): Promise<ReceivedUpload> {
  if (Number(request.headers['content-length'] ?? 0) > options.maxBytes + FORM_OVERHEAD_BYTES) throw tooLarge(options.maxBytes);
  const form = openForm(request, options.maxBytes);
  const path = join(options.uploadsDir, options.name);
  const discard = () => rm(path, { force: true });
  try {
    await mkdir(options.uploadsDir, { recursive: true });
    const { fields, file } = await readForm(request, form, path);
    if (!file)
      throw invalid('file', "Missing required parameter: 'file'. Send the dataset as the part named file.", 'missing_required_parameter');
    if (file.isTruncated) throw tooLarge(options.maxBytes);
    return { fields, filename: checkFilename(file.filename), bytes: file.bytes, path, discard };
  } catch (failure) {
    // On a disk that fails this fails too, and is left to the sweep.
    await discard().catch(() => undefined);
    const error = toDiskError(failure);
    // What the system says is no fault of the form's.
    if (error instanceof AppError || (error instanceof Error && 'syscall' in error)) throw error;
    throw invalid('body', `The form cannot be read: ${error instanceof Error ? error.message : 'it is broken'}.`);
  }
}

interface FilePart {
  filename: string | undefined;
  bytes: number;
  isTruncated: boolean;
}

/** Resolves when the whole form has been read and the file is closed; the first thing that goes wrong ends both. */
async function readForm(request: IncomingMessage, form: busboy.Busboy, path: string) {
  const fields: Record<string, string> = {};
  const saved: Promise<FilePart>[] = [];
  const failure = new AbortController();
  form.on('field', (name, value, { nameTruncated, valueTruncated }) => {
    if (nameTruncated || valueTruncated) failure.abort(invalid(name, `Invalid value for '${name}'. It is too long.`));
    else if (Object.hasOwn(fields, name)) failure.abort(invalid(name, `Invalid value for '${name}'. Send it once.`));
    else fields[name] = value;
  });
  form.on('file', (name, content, { filename }) => {
    if (name !== 'file') failure.abort(invalid(name, `Unknown parameter: '${name}'. The file's part is named file.`, 'unknown_parameter'));
    const part = savePart(content, path, filename);
    part.catch((error: unknown) => failure.abort(error));
    saved.push(part);
  });
  form.on('filesLimit', () => failure.abort(invalid('file', "Invalid value for 'file'. Send one file at a time.")));
  form.on('fieldsLimit', () => failure.abort(invalid('body', 'The form has too many fields.')));
  try {
    await pour(request, form, failure.signal);
    return { fields, file: await saved[0] };
  } catch (error) {
    request.unpipe(form);
    form.destroy();
    request.resume();
    // A file that is still being opened would appear after its upload was discarded.
    await Promise.allSettled(saved);
    throw failure.signal.aborted ? failure.signal.reason : error;
  }
}

/**
 * Like `pipeline`, but leaves the request alive when the form fails: a destroyed one never takes the rest of its body off the connection,
 * and the next request there waits for ever.
 */
function pour(request: IncomingMessage, form: busboy.Busboy, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    form.on('close', resolve);
    form.on('error', reject);
    request.on('error', reject);
    request.on('close', () => request.complete || reject(new CancelledError('The client left before its request was whole.')));
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    request.pipe(form);
  });
}

async function savePart(
  content: Readable & { truncated?: boolean; bytesRead?: number },
  path: string,
  filename: string | undefined,
): Promise<FilePart> {
  const sink = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  const closed = new Promise<void>((resolve) => sink.once('close', resolve));
  try {
    await pipeline(content, sink);
  } finally {
    await closed;
  }
  return { filename, bytes: sink.bytesWritten, isTruncated: content.truncated === true };
}

function openForm(request: IncomingMessage, maxBytes: number): busboy.Busboy {
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\s*;/i.test(type)) {
    const message = 'Send the file as multipart/form-data, with the parts `purpose` and `file`.';
    throw invalid('content-type', message, 'unsupported_media_type');
  }
  try {
    // One byte more than is allowed tells "too large" from "just fits".
    return busboy({ headers: request.headers, limits: { ...LIMITS, fileSize: maxBytes + 1 }, defParamCharset: 'utf8' });
  } catch (error) {
    throw invalid('content-type', `The form cannot be read: ${error instanceof Error ? error.message : 'its header is broken'}.`);
  }
}

function checkFilename(given: string | undefined): string {
  const filename = basename(given ?? '');
  if (filename === '') throw invalid('file', "Invalid value for 'file'. Its part has no filename.");
  if (filename.length > MOST_NAME_LENGTH)
    throw invalid('file', `Invalid value for 'file'. A filename has at most ${MOST_NAME_LENGTH} characters.`);
  refuseUnstorable(filename, 'file');
  return filename;
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('payload_too_large', `The file is larger than the ${maxBytes} bytes that this server takes: split it.`, {
    param: 'file',
  });
}

function invalid(param: string, message: string, reason = 'invalid_value'): InvalidRequestError {
  return new InvalidRequestError(message, { param, reason });
}
