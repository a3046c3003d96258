import { readFileSync } from 'node:fs';
import type { ChatMessage, DatasetRow } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { createCausalEncoder } from './causal-encoder.ts';
import { loadChatTemplate } from './chat-template.ts';
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

describe('the encoder of a decoder-only model', () => {
  const withTemplate = createCausalEncoder(tokenizer, { chat, eosIds: [EOS] });
  const without = createCausalEncoder(tokenizer, { chat: null, eosIds: [EOS] });

  it('lets the loss fall on the answer and the token that ends it, as the template writes them', () => {
    const { inputIds, labels } = withTemplate.encodeRow(row('chat', 'What is it?', 'a fast library'), LIMITS);
    expect(tokenizer.decode(inputIds)).toBe('[user] What is it?\n[assistant] ');
    expect([...labels]).toEqual([...tokenizer.encodeBare('a fast library'), EOS]);
  });

  it('reads in training what it is asked in inference', () => {
    const conversation = row('chat', 'one', 'two', 'three', 'four');
    const asked = withTemplate.encodePrompt({ messages: conversation.messages.slice(0, 3) });
    const { inputIds, labels } = withTemplate.encodeRow(conversation, LIMITS);
    expect([...inputIds, ...labels].slice(0, asked.length)).toEqual([...asked]);
    expect([...withTemplate.encodeQuestion(conversation, LIMITS)]).toEqual([...asked]);
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

it('a pair has one prompt and two answers, each ended, and earlier answers are only read', () => {
  const encoder = createCausalEncoder(tokenizer, { chat, eosIds: [EOS] });
  const { messages } = row('chat', 'one', 'two', 'three', 'four');
  const pair: DatasetRow = { format: 'preference', messages, rejected: { role: 'assistant', content: 'five' } };
  const { inputIds, labels, labelWeights, rejectedLabels } = encoder.encodeRow(pair, LIMITS);
  expect([...inputIds]).toEqual([...encoder.encodePrompt({ messages: messages.slice(0, 3) })]);
  expect([[...labels], [...(rejectedLabels ?? [])]]).toEqual(['four', 'five'].map((text) => [...tokenizer.encodeBare(text), EOS]));
  expect(labelWeights).toBeUndefined();
});

describe('a conversation of several answers', () => {
  /** The stretches that the loss falls on, as text. */
  const learnt = (messages: ChatMessage[], { template = TEMPLATE, limits = LIMITS } = {}): string[] => {
    const rendered = loadChatTemplate({ tokenizerConfig: json({ chat_template: template, eos_token: '</s>' }) });
    const encoder = createCausalEncoder(tokenizer, { chat: rendered, eosIds: [EOS] });
    const { labels, labelWeights = new Uint8Array(labels.length).fill(1) } = encoder.encodeRow({ format: 'chat', messages }, limits);
    const stretches: number[][] = [];
    for (const [i, id] of labels.entries()) {
      if (labelWeights[i] === 0) continue;
      if (i === 0 || labelWeights[i - 1] === 0) stretches.push([]);
      stretches.at(-1)?.push(id);
    }
    return stretches.map((ids) => tokenizer.decode(ids, { skipSpecial: false }).trim());
  };
  const talk = (...answers: [content: string, weight?: 0 | 1][]): ChatMessage[] =>
    answers.flatMap(([content, weight], i) => [
      { role: 'user', content: `question number ${i}` },
      { role: 'assistant', content, ...(weight === undefined ? {} : { weight }) },
    ]);

  it('teaches every one of them and the end of its turn, and nothing else', () => {
    expect(learnt(talk(['a fast library'], ['a small game'], ['a mail server']))).toEqual([
      'a fast library</s>',
      'a small game</s>',
      'a mail server</s>',
    ]);
  });

  it('leaves out those of weight 0, the last included', () => {
    expect(learnt(talk(['a fast library', 0], ['a small game', 1], ['a mail server', 0]))).toEqual(['a small game</s>']);
    expect(learnt(talk(['a fast library'], ['a small game', 0], ['a mail server']))).toEqual(['a fast library</s>', 'a mail server</s>']);
  });

  it('finds answers that the template changes once more follows', () => {
    const thinking =
      "{% for m in messages %}[{{ m.role }}] {% if m.role == 'assistant' and loop.last %}thought: {% endif %}{{ m.content }}" +
      "{% if m.role == 'assistant' %}</s>{% endif %}{{ '\\n' }}{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}";
    expect(learnt(talk(['a fast library'], ['a small game']), { template: thinking })).toEqual([
      'a fast library</s>',
      'thought: a small game</s>',
    ]);
  });

  it('only reads answers whose text the template does not keep', () => {
    const forgetful =
      "{% for m in messages %}[{{ m.role }}] {% if m.role == 'user' or loop.last %}{{ m.content }}{% else %}…{% endif %}" +
      "{% if m.role == 'assistant' %}</s>{% endif %}{{ '\\n' }}{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}";
    expect(learnt(talk(['a fast library'], ['a small game']), { template: forgetful })).toEqual(['a small game</s>']);
  });

  it('ends the last answer where the template ends no turn', () => {
    const open =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}{{ '\\n' }}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";
    expect(learnt(talk(['a fast library'], ['a small game']), { template: open })).toEqual(['a fast library', 'a small game\n</s>']);
  });

  it('that is too long loses its beginning, and what is learnt there', () => {
    const messages = talk(['a fast library'], ['a small game']);
    expect(learnt(messages, { limits: { maxSourceTokens: 8, maxTargetTokens: 64 } })).toEqual(['a small game</s>']);
  });

  it('may begin with a greeting, which answers nothing and is only read', () => {
    const greeting: ChatMessage = { role: 'assistant', content: 'hello' };
    expect(learnt([greeting, ...talk(['a small game'])])).toEqual(['a small game</s>']);
  });
});
