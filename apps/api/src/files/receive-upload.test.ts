import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { receiveUpload } from './receive-upload.ts';

let uploadsDir = '';
beforeAll(async () => {
  uploadsDir = await mkdtemp(join(tmpdir(), 'capstan-uploads-'));
  await writeFile(join(uploadsDir, 'taken'), 'a file where a directory belongs');
});
afterAll(() => rm(uploadsDir, { recursive: true, force: true }));

/** What becomes of the form's upload under this name. */
async function receive(name: string, init: RequestInit): Promise<unknown> {
  const outcomes: unknown[] = [];
  const server = createServer((request, response) => {
    const received = receiveUpload(request, { uploadsDir, maxBytes: 1_000, name }).catch((error: unknown) => error);
    void received.then((outcome) => {
      outcomes.push(outcome);
      response.end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { method: 'POST', ...init });
  server.close();
  return outcomes[0];
}

function formOf(content: string): FormData {
  const form = new FormData();
  form.set('file', new Blob([content]), 'train.jsonl');
  return form;
}

it('a form is received whole', async () => {
  expect(await receive('whole', { body: formOf('x') })).toMatchObject({ filename: 'train.jsonl', bytes: 1 });
});

it('a disk that cannot be written is no fault of the client', async () => {
  expect(await receive('taken/part', { body: formOf('x') })).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('ENOTDIR'),
  });
});

it('a form that is broken is', async () => {
  const broken = { body: '--b\r\n', headers: { 'content-type': 'multipart/form-data; boundary=b' } };
  expect(await receive('broken', broken)).toMatchObject({ code: 'invalid_request', param: 'body' });
});
