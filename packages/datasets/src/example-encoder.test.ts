import { readFileSync } from 'node:fs';
import { DatasetError, type DatasetRow, ModelError } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { loadChatTemplate } from './chat-template.ts';
import { classesOf, createCausalEncoder, createClassEncoder } from './example-encoder.ts';
import { loadTokenizer } from './tokenizer.ts';

const tokenizer = loadTokenizer(readFileSync(new URL('../../../examples/t5-nano/tokenizer.json', import.meta.url)));
const EOS = 1;
const LIMITS = { maxSourceTokens: 64, maxTargetTokens: 64 };
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const TEMPLATE =
  "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}[{{ m.role }}] {{ m.content }}{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n' }}" +
  '{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}';
const chat = loadChatTemplate({ tokenizerConfig: json({ chat_template: TEMPLATE, eos_token: { content: '</s>' } }) });

const row = (format: DatasetRow['format'], ...contents: string[]): DatasetRow => ({
  format,
  messages: contents.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content })),
});

describe('a chat template', () => {
  it('renders the question up to where the answer begins', () => {
    expect(chat?.([{ role: 'user', content: 'Hi' }], { asks: true })).toBe('[user] Hi\n[assistant] ');
  });

  it('may be one of several, or a file of its own', () => {
    const several = [
      { name: 'tool_use', template: 'x' },
      { name: 'default', template: 'y' },
    ];
    expect(loadChatTemplate({ tokenizerConfig: json({ chat_template: several }) })?.([], { asks: true })).toBe('y');
    const file = new TextEncoder().encode('z');
    expect(loadChatTemplate({ tokenizerConfig: json({ chat_template: 'x' }), template: file })?.([], { asks: true })).toBe('z');
    expect(loadChatTemplate({ tokenizerConfig: json({}) })).toBeNull();
    expect(loadChatTemplate({})).toBeNull();
  });

  it('that is broken, or refuses a conversation, says so', () => {
    expect(() => loadChatTemplate({ template: new TextEncoder().encode('{% for %}') })).toThrow(ModelError);
    expect(() => chat?.([{ role: 'tool' as 'user', content: '' }], { asks: true })).toThrow('no tools');
  });
});

describe('the encoder of a decoder-only model', () => {
  const withTemplate = createCausalEncoder(tokenizer, { chat, eosIds: [EOS] });
  const without = createCausalEncoder(tokenizer, { chat: null, eosIds: [EOS] });

  it('lets the loss fall on the answer and the token that ends it, as the template writes them', () => {
    const { inputIds, labels } = withTemplate.encodeRow(row('chat', 'What is it?', 'a fast library'), LIMITS);
    expect(tokenizer.decode(inputIds)).toBe('[user] What is it?\n[assistant] ');
    expect([...labels]).toEqual([...tokenizer.encodeBare('a fast library'), EOS]);
  });

  it('reads in training what it is asked in inference', () => {
    const { inputIds } = withTemplate.encodeRow(row('chat', 'one', 'two', 'three', 'four'), LIMITS);
    const { messages } = row('chat', 'one', 'two', 'three');
    expect([...withTemplate.encodePrompt({ messages })]).toEqual([...inputIds]);
    expect([...without.encodePrompt({ prompt: 'one' })]).toEqual([
      ...without.encodeRow(row('prompt-completion', 'one', 'two'), LIMITS).inputIds,
    ]);
  });

  it('without a template ends no prompt, takes it as it is, and ends every answer', () => {
    const { inputIds, labels } = without.encodeRow(row('prompt-completion', 'one', 'two'), LIMITS);
    expect([...inputIds]).toEqual([...tokenizer.encodeBare('one')]);
    expect([...labels]).toEqual([...tokenizer.encodeBare('two'), EOS]);
  });

  it('cuts a long prompt at its beginning and a long answer before its end', () => {
    const long = row('prompt-completion', 'one two three four five six', 'one two three four five six');
    const { inputIds, labels } = without.encodeRow(long, { maxSourceTokens: 2, maxTargetTokens: 3 });
    expect([...inputIds]).toEqual([...tokenizer.encodeBare('one two three four five six')].slice(-2));
    expect(labels).toHaveLength(3);
    expect(labels.at(-1)).toBe(EOS);
  });
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
