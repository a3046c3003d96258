import { createReadStream, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { CancelledError, datasetReportSchema } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { leakage } from './fingerprints.ts';
import { type DatasetInspection, type InspectOptions, inspectDataset } from './inspect-dataset.ts';
import { loadTokenizer } from './tokenizer.ts';

const example = (path: string): URL => new URL(`../../../examples/${path}`, import.meta.url);
const tokenizer = { model: 't5-nano', ...loadTokenizer(readFileSync(example('t5-nano/tokenizer.json'))) };

const chat = (user: string, assistant = 'Hello'): string =>
  JSON.stringify({
    messages: [
      { role: 'user', content: user },
      { role: 'assistant', content: assistant },
    ],
  });

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

function inspect(content: string | Uint8Array, options?: InspectOptions, chunkSize = 1000): Promise<DatasetInspection> {
  return inspectDataset(chunksOf(typeof content === 'string' ? Buffer.from(content) : content, chunkSize), options);
}

const messagesOf = ({ report }: DatasetInspection): string[] => report.problems.map(({ message }) => message);

describe('inspectDataset on good files', () => {
  it('the report is the same whatever the size of the chunks', async () => {
    const content = `${chat('Hi')}\n${chat('Grüße 😀')}\n${chat('Bye')}`;
    const whole = await inspect(content, { tokenizer });
    expect(await inspect(content, { tokenizer }, 1)).toEqual(whole);
    expect(whole.report).toMatchObject({ format: 'chat', rows: 3, badRows: 0, problems: [], bytes: Buffer.byteLength(content) });
    expect(datasetReportSchema.parse(whole.report)).toEqual(whole.report);
  });

  it('a byte order mark, CRLF and blank lines are forgiven, and noted', async () => {
    const { report } = await inspect(`\ufeff${chat('Hi')}\r\n\r\n${chat('Bye')}\r\n  \n`);
    expect(report).toMatchObject({ rows: 2, badRows: 0, blankLines: 2 });
    expect(report.notes).toEqual([
      'The file begins with a byte order mark, which was ignored.',
      '2 lines end with CRLF; the carriage returns were ignored.',
      '2 blank lines were skipped.',
    ]);
  });

  it('tells how many rows the token limits would cut', async () => {
    const rows = [chat('a'), chat('a '.repeat(100)), chat('a', 'a '.repeat(50)), chat('a '.repeat(9))].join('\n');
    const { report } = await inspect(rows, { tokenizer, maxSourceTokens: 20, maxTargetTokens: 20 });
    expect(report.tokens).toMatchObject({ sampledRows: 4, truncatedShare: 0.5, maxSourceTokens: 20, maxTargetTokens: 20 });
  });

  it('characters are summed up exactly', async () => {
    const { report } = await inspect([1, 2, 3, 100].map((length) => chat('x'.repeat(length), 'yy')).join('\n'));
    expect(report.tokens).toBeNull();
    expect(report.characters?.source).toEqual({
      rows: 4,
      min: 1,
      mean: 26.5,
      p50: 2,
      p95: 100,
      p99: 100,
      max: 100,
      buckets: [{ upTo: 4, rows: 3 }, ...[6, 8, 12, 16, 24, 32, 48, 64, 96].map((upTo) => ({ upTo, rows: 0 })), { upTo: 128, rows: 1 }],
    });
  });

  it('repeated rows are counted and named, whatever the outer white space', async () => {
    const { report } = await inspect([chat('Hi'), chat('Bye'), chat('Hi', 'Other'), chat('Bye ')].join('\n'));
    expect(report.duplicates).toEqual({ rows: 1, share: 0.25, examples: [{ line: 4, firstLine: 2 }] });
  });

  it('beyond the sample size, tokens are counted on evenly spaced rows', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => chat(`${'a '.repeat(i + 1)}`)).join('\n');
    const { report } = await inspect(rows, { tokenizer, sampleRows: 30 });
    expect(report.rows).toBe(100);
    expect(report.tokens?.sampledRows).toBe(25);
    const exact = (await inspect(rows, { tokenizer })).report.tokens;
    expect(exact?.sampledRows).toBe(100);
    expect(report.tokens?.source.mean).toBeGreaterThan((exact?.source.mean ?? 0) * 0.95);
    expect(report.tokens?.source.mean).toBeLessThan((exact?.source.mean ?? 0) * 1.05);
  });

  it('the tokens of a very long text are counted exactly when it has spaces', async () => {
    const text = 'the package library files '.repeat(5_000);
    const { report } = await inspect(chat(text), { tokenizer });
    expect(report.tokens?.source.max).toBe(tokenizer.encode(text).length);
  });
});

describe('inspectDataset on bad files', () => {
  it('names every bad line with its number and goes on', async () => {
    const inspection = await inspect([chat('Hi'), 'oops', chat('Bye'), '{"messages":[{"role":"usr","content":""}]}'].join('\n'));
    expect(inspection.report).toMatchObject({ rows: 2, badRows: 2, problemsOmitted: 0 });
    expect(messagesOf(inspection)).toEqual([
      "line 2: the line is not JSON (Unexpected token 'o'); write one whole object per line.",
      'line 4: messages[0].role is "usr"; use system, user or assistant.',
      'line 4: messages[0].content is empty; write some text or remove the row.',
    ]);
  });

  it('problems beyond the bound are counted', async () => {
    const { report } = await inspect('x\n'.repeat(50), { maxProblems: 3 });
    expect(report.problems.map(({ line }) => line)).toEqual([1, 2, 3]);
    expect(report).toMatchObject({ badRows: 50, problemsOmitted: 47 });
  });

  it('a row of another format names where the first began', async () => {
    const inspection = await inspect(`\n${chat('Hi')}\n{"prompt":"a","completion":"b"}`);
    expect(messagesOf(inspection)[0]).toContain(
      'line 3: this row is in the prompt-completion format, but the file began with chat on line 2',
    );
    expect(inspection.report).toMatchObject({ format: 'chat', rows: 1, badRows: 1 });
  });

  it('a line longer than 1 MiB is one problem, and the next line is read', async () => {
    const inspection = await inspect(`${chat('x'.repeat(1 << 20))}\n${chat('Hi')}`, {}, 65_536);
    expect(messagesOf(inspection)).toEqual(['line 1: the line is longer than 1 MiB; split or shorten the row.']);
    expect(inspection.report.rows).toBe(1);
  });

  it('bytes that are not UTF-8, and UTF-16, are explained', async () => {
    expect(messagesOf(await inspect(Uint8Array.of(0x7b, 0x22, 0xe9, 0x22, 0x7d)))).toEqual([
      'line 1: the line is not UTF-8 from byte 3 on; save the file as UTF-8.',
    ]);
    expect(messagesOf(await inspect(Buffer.from(chat('Hi'), 'utf16le')))[0]).toMatch(
      /^line 1: the line holds NUL bytes; if the file is UTF-16/,
    );
  });

  it.each(['', '\n\n'])('a file without rows (%j) is bad', async (content) => {
    const inspection = await inspect(content);
    expect(messagesOf(inspection)).toEqual(['line 1: the file holds no rows; write one JSON object per line.']);
    expect(inspection.report).toMatchObject({ badRows: 1, format: null, characters: null, tokens: null });
  });

  it('a file of too many rows is read no further', async () => {
    const inspection = await inspect(`${chat('Hi')}\n`.repeat(5), { maxRows: 3 });
    expect(messagesOf(inspection)).toEqual(['line 4: the file has more than 3 rows, the rest was not read; split it.']);
  });
});

describe('inspectDataset on the example dataset', () => {
  it('reads it whole, serves the event loop meanwhile and finds no leak into validation', async () => {
    let served = 0;
    let inspecting = true;
    const server = (async () => {
      for (; inspecting; served++) await setImmediate();
    })();
    const train = await inspectDataset(createReadStream(example('debian-synopsis/train.jsonl')), { tokenizer, maxSourceTokens: 192 });
    inspecting = false;
    await server;
    expect(served).toBeGreaterThan(20);
    expect(train.report).toMatchObject({ format: 'chat', rows: 31_162, badRows: 0, bytes: 13_883_084 });
    expect(train.report.tokens?.sampledRows).toBeGreaterThanOrEqual(2_500);
    expect(train.report.tokens?.source.mean).toBeGreaterThan(60);
    const validation = await inspectDataset(createReadStream(example('debian-synopsis/valid.jsonl')));
    expect(validation.report).toMatchObject({ rows: 500, badRows: 0 });
    expect(leakage(train.fingerprints, validation.fingerprints).share).toBeLessThan(0.1);
    expect(leakage(train.fingerprints, train.fingerprints)).toEqual({ rows: 31_162, sources: 31_162, share: 1 });
  });

  it('stops when cancelled, with the reason given', async () => {
    const controller = new AbortController();
    controller.abort(new CancelledError());
    await expect(
      inspectDataset(createReadStream(example('debian-synopsis/train.jsonl')), { signal: controller.signal }),
    ).rejects.toBeInstanceOf(CancelledError);
  });
});

describe('leakage', () => {
  it('sees equal rows, and equal sources with another target', async () => {
    const train = await inspect([chat('a', 'x'), chat('b', 'y')].join('\n'));
    const validation = await inspect([chat('a', 'x'), chat('b', 'z'), chat('c'), chat('d')].join('\n'));
    expect(leakage(train.fingerprints, validation.fingerprints)).toEqual({ rows: 1, sources: 2, share: 0.5 });
    expect(leakage(train.fingerprints, new BigUint64Array())).toEqual({ rows: 0, sources: 0, share: 0 });
  });
});
