import { createHash, randomBytes } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { CancelledError, NotFoundError } from '@capstan/core';
import { afterEach, expect, it } from 'vitest';
import type { ArtifactHandlers } from './index.ts';
import { clock, closeAll, connect, startServer } from './test-fixtures.ts';

afterEach(closeAll);

const content = randomBytes(20 * 1024 * 1024 + 7);
const address = createHash('sha256').update(content).digest('hex');

function makeStore() {
  const stored = new Map<string, Buffer>();
  const offsets: number[] = [];
  const handlers: ArtifactHandlers = {
    async *read(sha256, { offset }) {
      offsets.push(offset);
      const bytes = stored.get(sha256);
      if (!bytes) throw new NotFoundError(`There is no artifact ${sha256}.`);
      yield bytes.subarray(offset);
    },
    async write(pieces) {
      const parts: Uint8Array[] = [];
      for await (const piece of pieces) parts.push(piece);
      const bytes = Buffer.concat(parts);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      stored.set(sha256, bytes);
      return { sha256, bytes: bytes.byteLength };
    },
  };
  return { stored, offsets, handlers };
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

const idle = async ({ closed }: { closed: Promise<void> }) => closed;

it('20 MB go up and come down the same, in messages below the limit', async () => {
  const store = makeStore();
  const { port } = await startServer(idle, 0, { artifacts: store.handlers });
  const worker = connect(port);
  expect(await worker.writeArtifact(content)).toEqual({ sha256: address, bytes: content.byteLength });
  async function* pieces() {
    yield content.subarray(0, 5_000_000);
    yield content.subarray(5_000_000);
  }
  expect(await worker.writeArtifact(pieces())).toEqual({ sha256: address, bytes: content.byteLength });
  const read = await readAll(worker.readArtifact(address));
  expect(read.equals(content)).toBe(true);
});

it('a read goes on where it broke when the server comes back', async () => {
  const store = makeStore();
  store.stored.set(address, content);
  const first = await startServer(idle, 0, { artifacts: store.handlers });
  const worker = connect(first.port);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  let restarted = false;
  for await (const chunk of worker.readArtifact(address)) {
    parts.push(chunk);
    bytes += chunk.byteLength;
    if (restarted || bytes < 4_000_000) continue;
    restarted = true;
    await first.close();
    await startServer(idle, first.port, { artifacts: store.handlers });
  }
  expect(Buffer.concat(parts).equals(content)).toBe(true);
  expect(store.offsets[0]).toBe(0);
  expect(store.offsets.at(-1)).toBeGreaterThanOrEqual(4_000_000);
});

it('bytes are written again when the server went away in the middle', async () => {
  const store = makeStore();
  let close = async () => {};
  const dying: ArtifactHandlers = {
    ...store.handlers,
    async write(pieces) {
      for await (const _ of pieces) void close();
      throw new Error('unreachable: the writer never ends');
    },
  };
  const first = await startServer(idle, 0, { artifacts: dying });
  const worker = connect(first.port);
  let closing: Promise<void> | null = null;
  close = () => {
    closing ??= first.close().then(async () => void (await startServer(idle, first.port, { artifacts: store.handlers })));
    return closing;
  };
  expect(await worker.writeArtifact(content)).toEqual({ sha256: address, bytes: content.byteLength });
});

it('an artifact that is missing is not found, and one with other bytes than its name says is refused at the end', async () => {
  const store = makeStore();
  store.stored.set(address, content.subarray(1));
  const { port } = await startServer(idle, 0, { artifacts: store.handlers });
  const worker = connect(port);
  await expect(readAll(worker.readArtifact('0'.repeat(64)))).rejects.toBeInstanceOf(NotFoundError);
  await expect(readAll(worker.readArtifact('../etc/passwd'))).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(readAll(worker.readArtifact(address))).rejects.toThrow(/other content/);
});

it('an aborted read or write stops with the reason, stores nothing and leaves no listener', async () => {
  const store = makeStore();
  store.stored.set(address, content);
  let upload: 'none' | 'begun' | 'failed' = 'none';
  const watching: ArtifactHandlers = {
    ...store.handlers,
    async write(content, options) {
      upload = 'begun';
      return await store.handlers.write(content, options).catch((error: unknown) => {
        upload = 'failed';
        throw error;
      });
    },
  };
  const { port } = await startServer(idle, 0, { artifacts: watching });
  const worker = connect(port);
  const controller = new AbortController();
  const reading = readAll(worker.readArtifact(address, { signal: controller.signal }));
  async function* endless() {
    for (;;) {
      await clock.sleep(1);
      yield Buffer.alloc(1000);
    }
  }
  const writing = worker.writeArtifact(endless(), { signal: controller.signal });
  reading.catch(() => {});
  writing.catch(() => {});
  await expect.poll(() => upload).toBe('begun');
  controller.abort(new CancelledError('enough'));
  await expect(writing).rejects.toThrow('enough');
  await expect(reading).rejects.toThrow('enough');
  await expect.poll(() => upload).toBe('failed');
  expect(store.stored.size).toBe(1);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
});
