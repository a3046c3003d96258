import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
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

  it('a large upload streams: memory grows by a fraction of its size, and bad lines far inside are named', async () => {
    const row = `${JSON.stringify({ prompt: 'x'.repeat(900), completion: 'y'.repeat(90) })}\n`;
    const block = row.repeat(1_000);
    const blocks = Array.from({ length: 60 }, () => block);
    blocks[50] = `${'{"prompt": 1}\n'}${row.repeat(999)}`;
    // Compiling and growing the heap to its working size is not the upload's doing.
    await api.fetch('/files', streamingForm(blocks.slice(0, 20)));
    const before = process.memoryUsage().rss;
    let peak = before;
    const timer = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 20);
    const response = await api.fetch('/files', streamingForm(blocks));
    clearInterval(timer);
    const { error } = errorBodySchema.parse(await response.json());
    expect(error.capstan?.problems.map(({ line }) => line)).toEqual([50_001, 50_001]);
    // Client and server share this process; holding the 60 MB once would already break the bound.
    expect((peak - before) / 1024 / 1024).toBeLessThan(50);
  });
});

/** A multipart body that is made while it is sent. */
function streamingForm(blocks: string[]): RequestInit {
  const head =
    '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="big.jsonl"\r\n\r\n';
  async function* body() {
    yield Buffer.from(head);
    for (const block of blocks) yield Buffer.from(block);
    yield Buffer.from('\r\n--b--\r\n');
  }
  const init = { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=b' }, body: body(), duplex: 'half' };
  return init as unknown as RequestInit;
}
