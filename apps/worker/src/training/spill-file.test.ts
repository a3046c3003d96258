import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSpillFile } from './spill-file.ts';

const ALL = { maxBytes: 1_000_000, maxRecords: 1_000_000 };
const textOf = (records: Uint8Array[]) => records.map((record) => Buffer.from(record).toString());

describe('createSpillFile', () => {
  let directory = '';
  let path = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'capstan-spill-'));
    path = join(directory, 'reports');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('gives back what it took, once and in order, however little is asked for at a time', () => {
    const file = createSpillFile(path);
    const words = Array.from({ length: 100 }, (_, index) => 'x'.repeat(index));
    for (const word of words.slice(0, 60)) file.append(Buffer.from(word));
    const taken = textOf(file.take({ maxBytes: 1_000_000, maxRecords: 7 }));
    expect(taken).toHaveLength(7);
    for (const word of words.slice(60)) file.append(Buffer.from(word));
    for (;;) {
      const more = textOf(file.take({ maxBytes: 250, maxRecords: 1_000 }));
      if (more.length === 0) break;
      taken.push(...more);
    }
    expect(taken).toEqual(words);
    file.close();
  });

  it('makes no file before the first record, empties it after the last, and deletes it at the end', () => {
    const file = createSpillFile(path);
    expect(file.take(ALL)).toEqual([]);
    expect(existsSync(path)).toBe(false);
    file.append(Buffer.from('one'));
    expect(statSync(path).size).toBe(7);
    expect(textOf(file.take(ALL))).toEqual(['one']);
    expect(statSync(path).size).toBe(0);
    file.append(Buffer.from('two'));
    expect(textOf(file.take(ALL))).toEqual(['two']);
    file.close();
    expect(existsSync(path)).toBe(false);
    file.close();
  });

  it('takes no more than its limit, says so, and keeps what it has', () => {
    const file = createSpillFile(path, { limitBytes: 20 });
    file.append(Buffer.from('0123456789'));
    expect(() => file.append(Buffer.from('abc'))).toThrow('is full of reports (20 bytes)');
    expect(() => file.append(Buffer.from('ab'))).not.toThrow();
    expect(textOf(file.take(ALL))).toEqual(['0123456789', 'ab']);
    expect(() => file.append(Buffer.from('again'))).not.toThrow();
    file.close();
  });

  it('names the place that it cannot write to', () => {
    writeFileSync(path, '');
    const file = createSpillFile(join(path, 'below-a-file'));
    expect(() => file.append(Buffer.from('x'))).toThrow(`cannot be kept in ${path}/below-a-file: ENOTDIR`);
  });
});
