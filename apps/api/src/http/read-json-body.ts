import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { AppError, CancelledError, InvalidRequestError } from '@capstan/core';
import { refuseUnstorableText } from './unstorable-text.ts';

export interface JsonBody {
  value: unknown;
  /** The very bytes, by which a repeated request is recognised. */
  bytes: Buffer;
}

/** The request's JSON, read and parsed once. Refuses what is not JSON in UTF-8, is too long, or holds text that Postgres cannot keep. */
export async function readJsonBody(request: IncomingMessage, limitBytes: number): Promise<JsonBody> {
  requireJson(request);
  const bytes = await readBytes(request, limitBytes);
  if (bytes.length === 0) throw invalid('The request has no body: send a JSON object.');
  if (!isUtf8(bytes)) throw invalid('The body is not valid UTF-8.');
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(`The body is not valid JSON: ${error instanceof Error ? error.message : 'it cannot be parsed'}.`);
  }
  refuseUnstorableText(text, value);
  return { value, bytes };
}

function requireJson({ headers }: IncomingMessage): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.replace(/^charset="?|"$/g, '');
  if (type !== 'application/json' || (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')) {
    throw unsupported('Send the body as JSON with the header `Content-Type: application/json`.', 'content-type');
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw unsupported('Send the body without a content encoding.', 'content-encoding');
}

function readBytes(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const tooLarge = () => new AppError('payload_too_large', `The body is larger than ${limitBytes} bytes.`, { param: 'body' });
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      // What follows is still read, so that the client gets to see the answer, but not kept.
      if (length <= limitBytes) chunks.push(chunk);
      else reject(tooLarge());
    });
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => request.complete || reject(new CancelledError('The client left before its request was whole.')));
  });
}

function invalid(message: string): InvalidRequestError {
  return new InvalidRequestError(message, { param: 'body', reason: 'invalid_json' });
}

function unsupported(message: string, param: string): InvalidRequestError {
  return new InvalidRequestError(message, { param, reason: 'unsupported_media_type' });
}
