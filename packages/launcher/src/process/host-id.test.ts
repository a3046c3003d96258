import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readHostId } from './host-id.ts';

it('is one number for all who share a directory, even where they draw it at once, and another elsewhere', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'capstan-host-'));
  const ids = await Promise.all(['here', 'here', 'here', 'there'].map((name) => readHostId(join(directory, name))));
  expect(ids[0]).toBe(await readHostId(join(directory, 'here')));
  expect(new Set(ids).size).toBe(2);
  await rm(directory, { recursive: true });
});
