import { describe, expect, it } from 'vitest';
import { parseDatasetLine } from './parse-dataset-line.ts';

const user = { role: 'user', content: 'Hi' };
const good = { role: 'assistant', content: 'Hello' };
const bad = { role: 'assistant', content: 'Go away' };
const row = { input: { messages: [user] }, preferred_output: [good], non_preferred_output: [bad] };

const parse = (value: unknown) => parseDatasetLine(JSON.stringify(value), 3);
const problemsOf = (value: unknown) => {
  const parsed = parse(value);
  return parsed.ok ? [] : parsed.problems.map(({ field, message }) => [field, message]);
};

describe('a preference row', () => {
  it('is a conversation with its better answer, and the worse one', () => {
    expect(parse(row)).toEqual({ ok: true, row: { format: 'preference', messages: [user, good], rejected: bad } });
    expect(parse({ ...row, id: 7, input: { messages: [user], tools: [], parallel_tool_calls: true } })).toEqual(parse(row));
  });

  it.each<[string, unknown, string, RegExp]>([
    ['no input', { ...row, input: undefined }, 'input', /input is missing/],
    ['no messages', { ...row, input: {} }, 'input.messages', /at least one user message/],
    [
      'a bad message',
      { ...row, input: { messages: [{ role: 'boss', content: 'x' }] } },
      'input.messages[0].role',
      /system, user or assistant/,
    ],
    ['an input that is answered', { ...row, input: { messages: [user, good] } }, 'input.messages[1].role', /end with the user's message/],
    ['tools', { ...row, input: { messages: [user], tools: [{}] } }, 'input.tools', /not supported/],
    ['an unknown member', { ...row, input: { messages: [user], n: 1 } }, 'input.n', /unknown key "n"/],
    ['no worse answer', { ...row, non_preferred_output: undefined }, 'non_preferred_output', /is missing/],
    ['two better answers', { ...row, preferred_output: [good, good] }, 'preferred_output', /not a list of one message/],
    ['an answer of the user', { ...row, preferred_output: [user] }, 'preferred_output[0].role', /not "assistant"/],
    ['an empty answer', { ...row, preferred_output: [{ ...good, content: ' ' }] }, 'preferred_output[0].content', /is empty/],
  ])('with %s says so', (_name, value, field, says) => {
    expect(problemsOf(value)).toEqual([[field, expect.stringMatching(says)]]);
  });
});
