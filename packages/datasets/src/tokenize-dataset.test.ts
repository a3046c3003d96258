import { readFileSync } from 'node:fs';
import { DatasetError } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { datasetRows, tokenizeDataset, truncate } from './tokenize-dataset.ts';
import { loadTokenizer } from './tokenizer.ts';

const tokenizer = loadTokenizer(readFileSync(new URL('../../../examples/t5-nano/tokenizer.json', import.meta.url)));
const limits = { maxSourceTokens: 8, maxTargetTokens: 4 };

async function* lines(...rows: string[]): AsyncGenerator<Uint8Array> {
  for (const row of rows) yield Buffer.from(`${row}\n`);
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe('tokenizeDataset', () => {
  it('gives each row as the ids of its source and target, cut to the limits with the end token kept', async () => {
    const long = { prompt: 'the package files of the library are here', completion: 'one two three four five' };
    const examples = await all(
      tokenizeDataset(lines('{"prompt":"the library","completion":"files"}', '', JSON.stringify(long)), tokenizer, limits),
    );
    expect(examples[0]).toEqual({ inputIds: tokenizer.encode('the library'), labels: tokenizer.encode('files') });
    expect(examples[1]?.inputIds.length).toBe(8);
    expect(examples[1]?.labels.length).toBe(4);
    expect([examples[1]?.inputIds.at(-1), examples[1]?.labels.at(-1)]).toEqual([tokenizer.eosId, tokenizer.eosId]);
    expect(examples[1]?.inputIds.slice(0, 7)).toEqual(tokenizer.encode(long.prompt).slice(0, 7));
  });

  it('a bad line ends it with an error that names the line', async () => {
    const examples = tokenizeDataset(lines('{"prompt":"a","completion":"b"}', '{"prompt":"a"}'), tokenizer, limits);
    await examples.next();
    const second = examples.next();
    await expect(second).rejects.toBeInstanceOf(DatasetError);
    await expect(second).rejects.toThrow('line 2: completion is missing; give it as a string.');
  });
});

describe('datasetRows', () => {
  it('gives the rows with their messages', async () => {
    expect(await all(datasetRows(lines('{"dialogue":"a","summary":"b"}')))).toEqual([
      {
        format: 'samsum',
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: 'b' },
        ],
      },
    ]);
  });
});

describe('truncate', () => {
  it('leaves what fits as it is', () => {
    expect(truncate(Int32Array.of(5, 6, 1), 3)).toEqual(Int32Array.of(5, 6, 1));
    expect(truncate(Int32Array.of(5, 6, 7, 1), 3)).toEqual(Int32Array.of(5, 6, 1));
  });
});
