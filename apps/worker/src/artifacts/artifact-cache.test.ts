import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@capstan/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createArtifactCache } from './artifact-cache.ts';

const signal = new AbortController().signal;
const KILOBYTE = 1_024;

let directory: string;
let downloads: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capstan-cache-'));
  downloads = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** One kilobyte of the same letter, under its hash. */
function blob(letter: string) {
  const content = Buffer.alloc(KILOBYTE, letter);
  return { content, ref: { path: letter, sha256: createHash('sha256').update(content).digest('hex'), bytes: KILOBYTE } };
}

function openCache(blobs: ReturnType<typeof blob>[], maxBytes: number) {
  return createArtifactCache({
    directory,
    writerId: 'test',
    maxBytes,
    clock: systemClock,
    async *readArtifact(sha256) {
      const found = blobs.find(({ ref }) => ref.sha256 === sha256);
      if (!found) throw new Error(`no ${sha256}`);
      downloads.push(found.ref.path);
      yield found.content;
    },
  });
}

const pathOf = (sha256: string) => join(directory, sha256.slice(0, 2), sha256);

async function usedHoursAgo(path: string, hours: number): Promise<void> {
  const then = new Date(Date.now() - hours * 3_600_000);
  await utimes(path, then, then);
}

async function kept(): Promise<string[]> {
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  return files.filter((file) => file.isFile()).map(({ name }) => name);
}

describe('the cache of artifacts', () => {
  it('fetches once, and anew what rotted', async () => {
    const a = blob('a');
    const cache = openCache([a], 10 * KILOBYTE);
    expect(await cache.fetch(a.ref, { signal })).toEqual(a.content);
    expect(await cache.fetch(a.ref, { signal })).toEqual(a.content);
    expect(downloads).toEqual(['a']);
    await writeFile(pathOf(a.ref.sha256), 'rotten');
    expect(await cache.fetch(a.ref, { signal })).toEqual(a.content);
    expect(downloads).toEqual(['a', 'a']);
  });

  it('gives up what was used longest ago when it is full, and never what was used within the hour', async () => {
    const blobs = ['a', 'b', 'c', 'd'].map(blob);
    const cache = openCache(blobs, 2 * KILOBYTE);
    const [a, b, c, d] = blobs;
    if (!a || !b || !c || !d) throw new Error('blobs are missing');
    for (const { ref } of [a, b, c]) await cache.fetch(ref, { signal });
    expect((await kept()).sort()).toEqual([a, b, c].map(({ ref }) => ref.sha256).sort());
    for (const [{ ref }, hours] of [
      [a, 3],
      [b, 9],
      [c, 5],
    ] as const)
      await usedHoursAgo(pathOf(ref.sha256), hours);
    await cache.fetch(a.ref, { signal });
    await cache.fetch(d.ref, { signal });
    expect((await kept()).sort()).toEqual([a, d].map(({ ref }) => ref.sha256).sort());
  });

  it('counts and gives up what crashed downloads left', async () => {
    const a = blob('a');
    const left = join(directory, 'of-a-worker-that-died.partial');
    await writeFile(left, Buffer.alloc(5 * KILOBYTE));
    await usedHoursAgo(left, 2);
    await openCache([a], 2 * KILOBYTE).fetch(a.ref, { signal });
    expect(await kept()).toEqual([a.ref.sha256]);
  });
});
