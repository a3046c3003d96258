import { describe, expect, it } from 'vitest';
import type { ChatMessage } from './dataset-row.ts';
import { joinMessages, toSourceTarget } from './source-target.ts';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string, weight?: 0 | 1): ChatMessage => ({
  role: 'assistant',
  content,
  ...(weight === undefined ? {} : { weight }),
});

describe('toSourceTarget', () => {
  it('the source of a single user message is exactly its content', () => {
    expect(toSourceTarget({ format: 'chat', messages: [user(' Hi  there '), assistant('Hello')] })).toEqual({
      source: ' Hi  there ',
      target: 'Hello',
    });
  });

  it('a SAMSum dialogue gets the instruction that T5 knows', () => {
    expect(toSourceTarget({ format: 'samsum', messages: [user('A: Hi'), assistant('Hello')] }).source).toBe('summarize: A: Hi');
  });

  it('a longer conversation names its speakers, system first', () => {
    const messages = [{ role: 'system', content: 'Be kind.' } as const, user('Hi'), assistant('Hello'), user('Bye'), assistant('Ciao')];
    expect(toSourceTarget({ format: 'chat', messages })).toEqual({
      source: 'Be kind.\nUser: Hi\nAssistant: Hello\nUser: Bye',
      target: 'Ciao',
    });
  });

  it('an answer with weight 0 is not the target', () => {
    const messages = [user('Hi'), assistant('Hello', 1), user('Bye'), assistant('Ciao', 0)];
    expect(toSourceTarget({ format: 'chat', messages })).toEqual({ source: 'Hi', target: 'Hello' });
  });
});

describe('joinMessages', () => {
  it('a system message stands before a single question', () => {
    expect(joinMessages([{ role: 'system', content: 'Be kind.' }, user('Hi')])).toBe('Be kind.\nHi');
  });
});
