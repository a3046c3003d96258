import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError, InvalidRequestError } from '@capstan/core';
import { errorBody, statusOf } from './error-response.ts';

/**
 * Answers what Node's parser could not make a request of, or made one of that the app never sees, as every other refusal is answered:
 * with a named error. Without it such clients get an empty 400. The connection ends with the answer, for nobody knows what the bytes
 * after it mean.
 */
export function refuseUnreadable(server: Server): void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, response) => latest.set(request.socket, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const response = latest.get(socket);
    // In the middle of an answer there is no place for another.
    const isAnswering = response?.headersSent === true && !response.writableFinished;
    if (socket.writable && !isAnswering) socket.end(toBytes(describe(error)), () => socket.destroy());
    else socket.destroy();
  });
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const message = 'The only expectation that can be met is 100-continue.';
    refuse(response, new InvalidRequestError(message, { param: 'expect', reason: 'expectation_failed' }));
  });
}

/** Refuses a request before the app has seen it. */
export function refuse(response: ServerResponse, error: AppError): void {
  const body = JSON.stringify(errorBody(error));
  response.writeHead(statusOf(error), { ...HEADERS, 'x-request-id': `req_${randomUUID()}`, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

const HEADERS = { 'content-type': 'application/json; charset=utf-8', connection: 'close' };

function describe({ code, message, ...error }: NodeJS.ErrnoException): AppError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new InvalidRequestError('The head of the request is too large.', { param: 'headers', reason: 'headers_too_large' });
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new AppError('payload_too_large', 'The extensions of a chunk are too large.', { param: 'body' });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new InvalidRequestError('The request did not arrive in time.', { reason: 'request_timeout' });
  const why = 'reason' in error && typeof error.reason === 'string' ? error.reason : message;
  return new InvalidRequestError(`The request is not valid HTTP/1.1: ${why}.`, { reason: 'invalid_http' });
}

function toBytes(error: AppError): string {
  const status = statusOf(error);
  const body = JSON.stringify(errorBody(error));
  const headers = { ...HEADERS, 'x-request-id': `req_${randomUUID()}`, 'content-length': Buffer.byteLength(body) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`;
}
