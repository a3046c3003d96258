import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sweepUploads } from './sweep-uploads.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capstan-uploads-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it('uploads that nobody writes any more are removed, others and a missing folder are left alone', async () => {
  for (const name of ['file-abandoned', 'file-under-way']) await writeFile(join(directory, name), 'half');
  await utimes(join(directory, 'file-abandoned'), new Date('2020-01-01'), new Date('2020-01-01'));
  expect(await sweepUploads(directory, new Date('2021-01-01'))).toBe(1);
  expect(await readdir(directory)).toEqual(['file-under-way']);
  expect(await sweepUploads(join(directory, 'nowhere'), new Date())).toBe(0);
});
