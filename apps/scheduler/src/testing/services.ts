import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '@capstan/db';

export async function createTestDatabase() {
  const name = `sched_${randomBytes(6).toString('hex')}`;
  execFileSync('psql', ['-h', '127.0.0.1', '-U', 'postgres', '-c', `CREATE DATABASE ${name}`]);
  const url = `postgresql://postgres@127.0.0.1:5432/${name}`;
  await migrate(url);
  return {
    url,
    drop: async () => void execFileSync('psql', ['-h', '127.0.0.1', '-U', 'postgres', '-c', `DROP DATABASE ${name} WITH (FORCE)`]),
  };
}
export async function createTestRedis() {
  return { url: 'redis://127.0.0.1:6399', prefix: `t${randomBytes(6).toString('hex')}`, drop: async () => undefined };
}
export function createStore(dir: string) {
  return {
    async *read(sha256: string, { offset }: { offset: number; signal: AbortSignal }) {
      yield (await readFile(join(dir, sha256))).subarray(offset) as Uint8Array;
    },
    async write(content: AsyncIterable<Uint8Array>, _o: { signal: AbortSignal }) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of content) chunks.push(chunk);
      const all = Buffer.concat(chunks);
      const sha256 = createHash('sha256').update(all).digest('hex');
      await mkdir(dir, { recursive: true });
      await writeFile(join(dir, sha256), all);
      return { sha256, bytes: all.length };
    },
  };
}
