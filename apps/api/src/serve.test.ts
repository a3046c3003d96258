import { connect } from 'node:net';
import { errorBodySchema } from '@capstan/core';
import { systemClock } from '@capstan/runtime';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, serve } from './serve.ts';

let server: RunningServer;
beforeAll(async () => {
  const app = express();
  app.post('/', (request, response) => {
    response.writeHead(200);
    response.write('begun');
    request.resume();
  });
  server = await serve(app, { host: '127.0.0.1', port: 0, clock: systemClock });
});
afterAll(() => server.close(0));

/** All that comes back until the server closes the connection; `then` is sent once something has. */
function exchange(bytes: string, then = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes));
    socket.once('data', () => socket.write(then));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

describe('what is no request', () => {
  it.each([
    ['nonsense', 'hello\r\n\r\n', 400, 'invalid_http'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400, 'invalid_http'],
    ['a huge header', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    ['an expectation', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n', 417, 'expectation_failed'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx', 400, 'invalid_http'],
  ])('%s is refused by name, and the connection ends', async (_name, bytes, status, code) => {
    const [head = '', body = ''] = (await exchange(bytes)).split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(head).toContain('x-request-id: req_');
    expect(errorBodySchema.parse(JSON.parse(body)).error).toMatchObject({ code, message: expect.stringMatching(/\w/) });
  });

  it('in the middle of an answer ends the connection without a second answer', async () => {
    const answer = await exchange('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n', 'zz\r\n');
    expect(answer).toContain('begun');
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});

describe('closing', () => {
  it('does not wait for the connection of a stream that ends meanwhile', async () => {
    const app = express();
    const ending = new AbortController();
    app.get('/', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
      ending.signal.addEventListener('abort', () => response.end());
    });
    const own = await serve(app, { host: '127.0.0.1', port: 0, clock: systemClock });
    const response = await fetch(`http://127.0.0.1:${own.port}/`);
    const closed = own.close(20_000).then(() => 'closed');
    setTimeout(() => ending.abort(), 100);
    await response.text();
    expect(await Promise.race([closed, systemClock.sleep(3_000).then(() => 'waited')])).toBe('closed');
  });
});
