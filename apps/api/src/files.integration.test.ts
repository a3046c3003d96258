import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { json, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { errorBodySchema, fileObjectSchema, fileReportObjectSchema } from '@capstan/core';
import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROWS, startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
});
afterAll(() => api.close());

describe('files', () => {
  it('an upload can be read back, reported on, listed and deleted', async () => {
    const file = fileObjectSchema.parse(await (await api.upload(ROWS, { filename: 'größe.jsonl' })).json());
    expect(file).toMatchObject({
      object: 'file',
      filename: 'größe.jsonl',
      purpose: 'fine-tune',
      status: 'processed',
      bytes: Buffer.byteLength(ROWS),
    });
    expect(await (await api.fetch(`/files/${file.id}/content`)).text()).toBe(ROWS);
    const report = fileReportObjectSchema.parse(await (await api.fetch(`/files/${file.id}/report`)).json());
    expect(report).toMatchObject({ format: 'chat', rows: 60, bad_rows: 0, tokens: { model: 't5-nano', sampled_rows: 60 } });
    expect(await (await api.fetch('/files?purpose=fine-tune')).json()).toMatchObject({
      data: [{ id: file.id }],
      first_id: file.id,
      last_id: file.id,
    });
    expect(await (await api.fetch(`/files/${file.id}`, { method: 'DELETE' })).json()).toEqual({
      id: file.id,
      object: 'file',
      deleted: true,
    });
    expect((await api.fetch(`/files/${file.id}`)).status).toBe(404);
    expect(await (await api.fetch('/files')).json()).toMatchObject({ data: [], first_id: '', last_id: '' });
  });

  it('a file for another purpose is kept as it is', async () => {
    const response = await api.upload('anything', { filename: 'notes.txt', purpose: 'user_data' });
    const file = fileObjectSchema.parse(await response.json());
    expect((await api.fetch(`/files/${file.id}/report`)).status).toBe(404);
  });

  it('the purpose may come before the file or after it', async () => {
    const form = new FormData();
    form.set('file', new Blob([ROWS]), 'a.jsonl');
    form.set('purpose', 'fine-tune');
    expect((await api.fetch('/files', { method: 'POST', body: form })).status).toBe(200);
  });

  it('every bad line is named with its number, up to a hundred', async () => {
    const lines = Array.from({ length: 300 }, (_, index) => (index % 2 === 0 ? '{"prompt":"a","completion":"b"}' : '{"prompt":"a"}'));
    const response = await api.upload(lines.join('\n'));
    expect(response.status).toBe(400);
    const { error } = errorBodySchema.parse(await response.json());
    expect(error.message).toMatch(/150 problems, the first in line 2: completion is missing/);
    expect(error.capstan?.problems.map(({ line }) => line)).toEqual(Array.from({ length: 100 }, (_, index) => 2 * index + 2));
  });

  it('a connection goes on after an upload that was refused before its end', async () => {
    const { port, hostname } = new URL(api.url);
    const head = '--b\r\nContent-Disposition: form-data; name="wrong"; filename="a.jsonl"\r\n\r\n';
    const body = `${head}${'x'.repeat(400_000)}\r\n--b--\r\n`;
    const common = `Host: ${hostname}\r\nAuthorization: Bearer ${api.key}\r\n`;
    const upload = `POST /v1/files HTTP/1.1\r\n${common}Content-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const socket = connect(Number(port), hostname);
    socket.write(`${upload}GET /v1/files HTTP/1.1\r\n${common}Connection: close\r\n\r\n`);
    const answers = await text(socket);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
  });

  it('a large upload streams: a fraction of its size is ever in memory, and bad lines far inside are named', async () => {
    const row = `${JSON.stringify({ prompt: 'some words '.repeat(20), completion: 'few '.repeat(3) })}\n`;
    const block = row.repeat(4_000);
    const blocks = Array.from({ length: 120 }, () => block);
    blocks[50] = `${'{"prompt": 1}\n'}${row.repeat(3_999)}`;
    const before = liveBytes();
    let peak = before;
    const timer = setInterval(() => {
      peak = Math.max(peak, liveBytes());
    }, 500);
    const answer = await streamUpload(blocks);
    clearInterval(timer);
    const { error } = errorBodySchema.parse(answer);
    expect(error.capstan?.problems.map(({ line }) => line)).toEqual([200_001, 200_001]);
    // 124 MiB came; client and server share this process.
    expect((peak - before) / 1024 / 1024).toBeLessThan(62);
  }, 120_000);
});

/** Memory in use once garbage is gone: what is left to grow is what somebody holds. */
function liveBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Sends a form that is made while it is sent, no faster than the server takes it; `fetch` would hold what is on its way. */
async function streamUpload(blocks: readonly string[]): Promise<unknown> {
  const purpose = '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n';
  const file = '--b\r\nContent-Disposition: form-data; name="file"; filename="big.jsonl"\r\n\r\n';
  const headers = { authorization: `Bearer ${api.key}`, 'content-type': 'multipart/form-data; boundary=b' };
  const upload = request(`${api.url}/files`, { method: 'POST', headers });
  const answered = once(upload, 'response');
  await pipeline(Readable.from([purpose, file, ...blocks, '\r\n--b--\r\n']), upload);
  const [response] = (await answered) as [IncomingMessage];
  return json(response);
}
