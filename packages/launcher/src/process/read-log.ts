import { open } from 'node:fs/promises';
import path from 'node:path';
import { orIfMissing } from './run-directory.ts';

const TAIL_BYTES = 16 * 1024;
const TAIL_LINES = 50;

/** The last `tailBytes` of a rank's output, over the rotated file and the current one. */
export async function readLogTail(directory: string, tailBytes: number): Promise<string> {
  const current = await readEnd(path.join(directory, 'output.log'), tailBytes);
  if (current.length >= tailBytes) return current.toString('utf8');
  const earlier = await readEnd(path.join(directory, 'output.log.1'), tailBytes - current.length);
  return Buffer.concat([earlier, current]).toString('utf8');
}

export async function readLastLines(directory: string): Promise<string[]> {
  const text = await readLogTail(directory, TAIL_BYTES);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-TAIL_LINES);
}

async function readEnd(file: string, bytes: number): Promise<Buffer> {
  const handle = await open(file).catch(orIfMissing(null));
  if (!handle) return Buffer.alloc(0);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, bytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
