import { mkdir, mkdtemp, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { bytesOf, describeArtifactStore, readAll } from './artifact-store-conformance.ts';
import { createDirectoryStore } from './directory-store.ts';

const made: string[] = [];

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'capstan-artifacts-'));
  made.push(directory);
  return directory;
}

afterAll(async () => {
  for (const directory of made) await rm(directory, { recursive: true, force: true });
});

describeArtifactStore('a directory', async () => createDirectoryStore(join(await makeDirectory(), 'not', 'there', 'yet')));

async function withBlob(content: string) {
  const directory = await makeDirectory();
  const store = createDirectoryStore(directory);
  const { sha256 } = await store.put(bytesOf(content));
  return { directory, store, sha256, path: join(directory, sha256.slice(0, 2), sha256.slice(2, 4), sha256) };
}

it('a put leaves no temporary file, done or failed', async () => {
  const { directory, store } = await withBlob('x');
  const failing = (async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    throw new Error('gone');
  })();
  await expect(store.put(failing)).rejects.toThrow('gone');
  expect(await readdir(join(directory, 'tmp'))).toEqual([]);
});

it('a blob that was changed on disk is found damaged when read', async () => {
  const { store, sha256, path } = await withBlob('precious');
  await writeFile(path, 'Precious');
  await expect(readAll(store.read(sha256))).rejects.toThrow(/is damaged: its content has another hash/);
});

it('a blob that was cut while it is read is found damaged', async () => {
  const { store, sha256, path } = await withBlob('x'.repeat(1_000_000));
  const reading = (async () => {
    for await (const _chunk of store.read(sha256, { offset: 1 })) await truncate(path, 10);
  })();
  await expect(reading).rejects.toThrow(/is damaged: it ends after \d+ of 1000000 bytes/);
});

it('a blob deleted while it is read is still read whole', async () => {
  const { store, sha256 } = await withBlob('y'.repeat(1_000_000));
  let bytes = 0;
  for await (const chunk of store.read(sha256)) {
    bytes += chunk.length;
    await store.delete(sha256);
  }
  expect(bytes).toBe(1_000_000);
});

it('a blob that is put again and again while it is deleted as old is there after every put', async () => {
  const { directory, store, sha256, path } = await withBlob('wanted again');
  const yesterday = new Date(Date.now() - 86_400_000);
  for (let round = 0; round < 50; round += 1) {
    await utimes(path, yesterday, yesterday);
    await Promise.all([store.deleteIfOlder(sha256, new Date(Date.now() - 3_600_000)), store.put(bytesOf('wanted again'))]);
    expect(await readAll(store.read(sha256))).toBe('wanted again');
  }
  expect(await readdir(join(directory, 'tmp'))).toEqual([]);
});

it('the sweep removes what crashed puts left, but no put under way', async () => {
  const { directory, store, sha256 } = await withBlob('kept');
  const [old, recent] = [join(directory, 'tmp', 'put-old'), join(directory, 'tmp', 'put-new')];
  for (const path of [old, recent]) {
    await mkdir(path);
    await writeFile(join(path, 'content'), 'half');
  }
  // The second is old by its directory only: its content is still growing.
  for (const path of [old, join(old, 'content'), recent]) await utimes(path, new Date('2020-01-01'), new Date('2020-01-01'));
  expect(await store.sweepTemp(new Date('2021-01-01'))).toBe(1);
  expect(await readdir(join(directory, 'tmp'))).toEqual(['put-new']);
  expect(await readAll(store.read(sha256))).toBe('kept');
  expect(await createDirectoryStore(join(directory, 'nowhere')).sweepTemp(new Date())).toBe(0);
});

it('a disk that cannot be used makes the store unavailable, to read and to write', async () => {
  const { store, sha256, path } = await withBlob('behind a file');
  await rm(dirname(path), { recursive: true });
  await writeFile(dirname(path), 'a file where a directory belongs');
  const unavailable = { code: 'unavailable', message: expect.stringContaining('(ENOTDIR): a file stands') };
  await expect(readAll(store.read(sha256))).rejects.toMatchObject(unavailable);
  const elsewhere = createDirectoryStore(join(dirname(path), 'below'));
  await expect(elsewhere.put(bytesOf('x'))).rejects.toMatchObject(unavailable);
});
