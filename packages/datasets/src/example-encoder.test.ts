import { readFileSync } from 'node:fs';
import { DatasetError, type DatasetRow } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { classesOf, createClassEncoder } from './example-encoder.ts';
import { loadTokenizer } from './tokenizer.ts';

const tokenizer = loadTokenizer(readFileSync(new URL('../../../examples/t5-nano/tokenizer.json', import.meta.url)));
const LIMITS = { maxSourceTokens: 64, maxTargetTokens: 64 };

const row = (format: DatasetRow['format'], ...contents: string[]): DatasetRow => ({
  format,
  messages: contents.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content })),
});

describe('the encoder of a classifier', () => {
  const rows = [row('text-label', 'a', 'net'), row('text-label', 'b', 'admin'), row('text-label', 'c', 'net')];

  it('gives every row the place of its class among those of the training file', () => {
    const labels = classesOf(rows);
    expect(labels).toEqual(['admin', 'net']);
    const encoder = createClassEncoder(tokenizer, labels);
    expect(rows.map((one) => [...encoder.encodeRow(one, LIMITS).labels])).toEqual([[1], [0], [1]]);
    expect(() => encoder.encodeRow(row('text-label', 'd', 'games'), LIMITS)).toThrow(
      'The class "games" is in no row of the training file.',
    );
  });

  it('refuses texts for classes', () => {
    const texts = Array.from({ length: 1_001 }, (_, i) => row('text-label', 'a', `text ${i}`));
    expect(() => classesOf(texts)).toThrow(DatasetError);
  });
});
