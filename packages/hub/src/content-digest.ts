import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { HubFile } from './choose-files.ts';

/** Whether the file on this disk has the content that the Hub says. */
export async function hasContent(file: string, { size, digest }: Pick<HubFile, 'size' | 'digest'>): Promise<boolean> {
  const hash = createHash(digest.kind === 'git' ? 'sha1' : 'sha256');
  if (digest.kind === 'git') hash.update(`blob ${size}\0`); // as git names a file's content
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex') === digest.hex;
}
