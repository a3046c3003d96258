import { closeSync, copyFileSync, openSync, readSync, statSync, truncateSync } from 'node:fs';

const MAX_LOG_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;

/**
 * Keeps a log of a running child below a bound: beyond it the content moves to `<path>.1` and the file starts again. The child
 * writes with O_APPEND, so its next line lands at the new start.
 */
export function boundLogFile(path: string, maxBytes = MAX_LOG_BYTES): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= maxBytes) return;
  copyFileSync(path, `${path}.1`);
  truncateSync(path, 0);
}

/** The last `count` lines of a log, for an error message; empty when there is none. */
export function readLastLines(path: string, count: number): string[] {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return [];
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  const file = openSync(path, 'r');
  try {
    readSync(file, tail, 0, tail.length, size - tail.length);
  } finally {
    closeSync(file);
  }
  return tail.toString('utf8').trimEnd().split('\n').slice(-count);
}
