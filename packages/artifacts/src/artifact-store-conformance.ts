import { createHash } from 'node:crypto';
import { CancelledError, InvalidRequestError, NotFoundError } from '@capstan/core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ArtifactStore } from './artifact-store.ts';

/** Judges any store by the words of its interface. `makeStore` gives an empty one each time. */
export function describeArtifactStore(name: string, makeStore: () => Promise<ArtifactStore>): void {
  describe(`${name} keeps the artifact store's promises`, () => {
    let store: ArtifactStore;
    beforeEach(async () => {
      store = await makeStore();
    });
    describePutAndRead(() => store);
    describeFailure(() => store);
    describeHousekeeping(() => store);
  });
}

export async function* bytesOf(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part;
}

export async function readAll(source: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts).toString('latin1');
}

async function listed(store: ArtifactStore): Promise<string[]> {
  const hashes: string[] = [];
  for await (const { sha256 } of store.list()) hashes.push(sha256);
  return hashes.sort();
}

const sha256Of = (content: string): string => createHash('sha256').update(content, 'latin1').digest('hex');
const UNKNOWN = '0'.repeat(64);

function describePutAndRead(store: () => ArtifactStore): void {
  it('a blob is named by the hash of its content and read back whole', async () => {
    const put = await store().put(bytesOf('hello ', 'world'));
    expect(put).toEqual({ sha256: sha256Of('hello world'), bytes: 11 });
    expect(await readAll(store().read(put.sha256))).toBe('hello world');
    expect(await store().stat(put.sha256)).toEqual({ bytes: 11 });
  });

  it('an empty blob is a blob', async () => {
    const { sha256, bytes } = await store().put(bytesOf());
    expect(bytes).toBe(0);
    expect(await readAll(store().read(sha256))).toBe('');
  });

  it('a blob larger than any buffer comes back byte for byte, from any offset', async () => {
    const content = Buffer.from(Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 31) >> 3));
    const { sha256 } = await store().put(bytesOf(content.subarray(0, 1_234_567), content.subarray(1_234_567)));
    expect(await readAll(store().read(sha256))).toBe(content.toString('latin1'));
    expect(await readAll(store().read(sha256, { offset: 2_999_990 }))).toBe(content.toString('latin1', 2_999_990));
    expect(await readAll(store().read(sha256, { offset: content.length }))).toBe('');
  });

  it('a chunk that was read may be kept while the next is read', async () => {
    const { sha256 } = await store().put(bytesOf('a'.repeat(400_000), 'b'.repeat(400_000)));
    const chunks: Uint8Array[] = [];
    for await (const chunk of store().read(sha256)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('a'.repeat(400_000) + 'b'.repeat(400_000));
  });

  it('puts of the same content at once agree and leave one blob', async () => {
    const puts = await Promise.all(Array.from({ length: 8 }, () => store().put(bytesOf('same ', 'content'))));
    expect(new Set(puts.map(({ sha256 }) => sha256))).toEqual(new Set([sha256Of('same content')]));
    expect(await listed(store())).toEqual([sha256Of('same content')]);
  });
}

function describeFailure(store: () => ArtifactStore): void {
  it('a source that fails leaves nothing', async () => {
    const failing = (async function* () {
      yield Buffer.from('half');
      throw new Error('the upload broke off');
    })();
    await expect(store().put(failing)).rejects.toThrow('the upload broke off');
    expect(await listed(store())).toEqual([]);
  });

  it('an abort ends a put whose source is stuck, and leaves nothing', async () => {
    const controller = new AbortController();
    const stuck = (async function* () {
      yield Buffer.from('half');
      controller.abort(new CancelledError());
      await new Promise(() => undefined);
    })();
    await expect(store().put(stuck, { signal: controller.signal })).rejects.toBeInstanceOf(CancelledError);
    expect(await listed(store())).toEqual([]);
  });

  it('an abort ends a read', async () => {
    const { sha256 } = await store().put(bytesOf('x'.repeat(2_000_000)));
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _chunk of store().read(sha256, { signal: controller.signal })) controller.abort(new CancelledError());
    })();
    await expect(reading).rejects.toBeInstanceOf(CancelledError);
  });

  it('an unknown hash is not found', async () => {
    await expect(readAll(store().read(UNKNOWN))).rejects.toBeInstanceOf(NotFoundError);
    expect(await store().stat(UNKNOWN)).toBeNull();
  });

  it.each(['', '../../etc/passwd', 'A'.repeat(64), `${UNKNOWN}/`])('%j is no hash and touches nothing', async (sha256) => {
    await expect((async () => readAll(store().read(sha256)))()).rejects.toBeInstanceOf(InvalidRequestError);
    await expect((async () => store().stat(sha256))()).rejects.toBeInstanceOf(InvalidRequestError);
    await expect((async () => store().delete(sha256))()).rejects.toBeInstanceOf(InvalidRequestError);
  });

  it.each([-1, 1.5, 6])('the offset %d outside a blob of 5 bytes is refused', async (offset) => {
    const { sha256 } = await store().put(bytesOf('12345'));
    await expect(readAll(store().read(sha256, { offset }))).rejects.toBeInstanceOf(InvalidRequestError);
  });
}

function describeHousekeeping(store: () => ArtifactStore): void {
  it('a deleted blob is gone, and may be deleted again', async () => {
    const { sha256 } = await store().put(bytesOf('short-lived'));
    await store().delete(sha256);
    await store().delete(sha256);
    expect(await store().stat(sha256)).toBeNull();
    expect(await listed(store())).toEqual([]);
  });

  it('a blob that was put since an instant is not deleted as older than it', async () => {
    const { sha256 } = await store().put(bytesOf('still wanted'));
    expect(await store().deleteIfOlder(sha256, new Date(Date.now() - 60_000))).toBe(false);
    expect(await readAll(store().read(sha256))).toBe('still wanted');
    expect(await store().deleteIfOlder(sha256, new Date(Date.now() + 60_000))).toBe(true);
    expect(await store().stat(sha256)).toBeNull();
    expect(await store().deleteIfOlder(sha256, new Date(Date.now() + 60_000))).toBe(false);
  });

  it('lists every blob with its size and time', async () => {
    expect(await listed(store())).toEqual([]);
    await store().put(bytesOf('one'));
    await store().put(bytesOf('three'));
    const entries = [];
    for await (const entry of store().list()) entries.push(entry);
    expect(entries.map(({ bytes }) => bytes).sort()).toEqual([3, 5]);
    expect(await listed(store())).toEqual([sha256Of('one'), sha256Of('three')].sort());
    expect(entries.every(({ modifiedAt }) => Math.abs(Date.now() - modifiedAt.getTime()) < 60_000)).toBe(true);
  });
}
