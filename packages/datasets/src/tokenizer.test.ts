import { readFileSync } from 'node:fs';
import { ModelError } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { createTokenStream } from './token-stream.ts';
import { loadTokenizer, type Tokenizer } from './tokenizer.ts';

const read = (path: string): Buffer => readFileSync(new URL(path, import.meta.url));
const t5Style = loadTokenizer(read('../golden/tokenizer.json'));
const t5Nano = loadTokenizer(read('../../../examples/t5-nano/tokenizer.json'));

interface Case {
  text: string;
  ids: number[];
  decoded: string;
}
const golden: Case[] = JSON.parse(read('../golden/golden.json').toString()).cases;
const hard: { text: string; t5Style: Omit<Case, 'text'>; t5Nano: Omit<Case, 'text'> }[] = JSON.parse(
  read('../golden/hard-strings.json').toString(),
).cases;

const encodeAll = (tokenizer: Tokenizer, texts: readonly string[]) => texts.map((text) => [...tokenizer.encode(text)]);

function streamed(tokenizer: Tokenizer, ids: readonly number[]): string {
  const stream = createTokenStream(tokenizer);
  return ids.map((id) => stream.push(id)).join('') + stream.flush();
}

describe('loadTokenizer', () => {
  it.each(golden)('encodes and decodes $text as the reference does', ({ text, ids, decoded }) => {
    expect([...t5Style.encode(text)]).toEqual(ids);
    expect(t5Style.decode(ids)).toBe(decoded);
  });

  it('agrees with the reference on hard strings, for both kinds of normaliser', () => {
    const texts = hard.map(({ text }) => text);
    expect(encodeAll(t5Style, texts)).toEqual(hard.map((each) => each.t5Style.ids));
    expect(encodeAll(t5Nano, texts)).toEqual(hard.map((each) => each.t5Nano.ids));
    expect(hard.map((each) => t5Style.decode(each.t5Style.ids))).toEqual(hard.map((each) => each.t5Style.decoded));
    expect(hard.map((each) => t5Nano.decode(each.t5Nano.ids))).toEqual(hard.map((each) => each.t5Nano.decoded));
  });

  it('knows the special ids and the size of the vocabulary', () => {
    expect(t5Nano).toMatchObject({ vocabSize: 8192, eosId: 1, padId: 0 });
    expect(t5Nano.isSpecial(1)).toBe(true);
    expect(t5Nano.isSpecial(3)).toBe(false);
  });

  it('special tokens are shown when asked for, ids outside the vocabulary never', () => {
    const ids = [...t5Nano.encode('a library'), 0, 999_999, -1];
    expect(t5Nano.decode(ids)).toBe('a library');
    expect(t5Nano.decode(ids, { skipSpecial: false })).toBe('a library</s><pad>');
    expect(t5Nano.decode([])).toBe('');
  });

  it('a long run of one unknown character takes linear time', () => {
    expect(t5Nano.encode('日'.repeat(200_000)).length).toBe(3);
    expect(t5Nano.encode('a '.repeat(300_000)).length).toBeGreaterThan(300_000);
  });

  it.each(['not json', '{}', '{"model": null}', '[]'])('%s is refused as a tokenizer', (text) => {
    expect(() => loadTokenizer(new TextEncoder().encode(text))).toThrow(ModelError);
    expect(() => loadTokenizer(new TextEncoder().encode(text))).toThrow(/^tokenizer.json cannot be read: /);
  });
});

describe('createTokenStream', () => {
  it('the deltas of every golden text join to its decoding', () => {
    for (const { ids, decoded } of golden) expect(streamed(t5Style, ids)).toBe(decoded);
    for (const { t5Nano: nano } of hard) expect(streamed(t5Nano, nano.ids)).toBe(nano.decoded);
  });

  it('gives each word as soon as its token comes, spaces kept', () => {
    const stream = createTokenStream(t5Nano);
    const ids = [...t5Nano.encode('the package files')];
    expect(ids.map((id) => stream.push(id))).toEqual(['the', ' package', ' files', '']);
  });

  it('holds back a character until all of its bytes are there', () => {
    const bytes = createTokenStream(byteTokenizer);
    const deltas = [...new TextEncoder().encode('aé😀')].map((byte) => bytes.push(byte));
    expect(deltas).toEqual(['a', '', 'é', '', '', '', '😀']);
    expect(bytes.push(0xc3)).toBe('');
    expect(bytes.flush()).toBe('\ufffd');
  });
});

/** One id per UTF-8 byte, as models with byte fallback have for rare characters. */
const byteTokenizer: Tokenizer = {
  encode: (text) => Int32Array.from(new TextEncoder().encode(text)),
  encodeBare: (text) => Int32Array.from(new TextEncoder().encode(text)),
  decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids)),
  isSpecial: () => false,
  vocabSize: 256,
  eosId: 0,
  padId: 0,
};
