import { Agent, type ClientRequest, type IncomingMessage, request as open } from 'node:http';
import type { Duplex } from 'node:stream';
import { describeRequest, type HttpAnswer, type HttpRequest } from './http-request.ts';

/** No more of an answer is kept than this; none of ours is longer. */
const MOST_ANSWER_BYTES = 8 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

export interface HttpSender {
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

/** Sends requests over kept connections: what one of them breaks on a connection shows in the next. */
export function createHttpSender(port: number): HttpSender {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  return { send: (request) => send(request, port, agent), close: () => agent.destroy() };
}

/** What went over a connection last: a request may hang because of the one before it. */
const carried = new WeakMap<Duplex, string>();

/** Rejects where there is no answer at all. */
function send(request: HttpRequest, port: number, agent: Agent): Promise<HttpAnswer> {
  const { method, target, headers, body, isChunked, patienceMs, readMs } = request;
  const framing = body === null ? {} : isChunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(body.length) };
  return new Promise((resolve, reject) => {
    const sent = open({ host: '127.0.0.1', port, method, path: target, agent, headers: { ...headers, ...framing } });
    let before = 'nothing';
    sent.on('socket', (socket) => {
      before = carried.get(socket) ?? before;
      carried.set(socket, describeRequest(request));
    });
    const giveUp = setTimeout(() => sent.destroy(new NoAnswerError(patienceMs, before)), patienceMs);
    sent.on('error', reject);
    sent.on('close', () => clearTimeout(giveUp));
    sent.on('response', (response) => {
      clearTimeout(giveUp);
      readAnswer(response, readMs).then(resolve, reject);
    });
    writeBody(sent, body, isChunked);
  });
}

function writeBody(sent: ClientRequest, body: Buffer | null, isChunked: boolean): void {
  if (body === null || !isChunked) return void sent.end(body ?? undefined);
  for (let start = 0; start < body.length; start += CHUNK_BYTES) sent.write(body.subarray(start, start + CHUNK_BYTES));
  sent.end();
}

function readAnswer(response: IncomingMessage, readMs: number): Promise<HttpAnswer> {
  const { statusCode: status = 0, rawHeaders, headers } = response;
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const finish = (isCut: boolean) => {
      clearTimeout(leave);
      const body = Buffer.concat(chunks);
      resolve({ status, headers: rawHeaders.join('\n'), contentType: headers['content-type'] ?? '', body, isCut });
    };
    const leave = setTimeout(() => {
      finish(true);
      response.destroy();
    }, readMs);
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MOST_ANSWER_BYTES) chunks.push(chunk);
    });
    response.on('end', () => finish(false));
    response.on('error', reject);
  });
}

export class NoAnswerError extends Error {
  constructor(waitedMs: number, before: string) {
    super(`There was no answer within ${waitedMs} ms. The connection carried before: ${before}`);
  }
}
