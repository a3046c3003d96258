import { describe, expect, it } from 'vitest';
import type { DatasetRow } from './dataset-row.ts';
import { mixedFormatProblem, parseDatasetLine } from './parse-dataset-line.ts';

const user = { role: 'user', content: 'Hi' };
const assistant = { role: 'assistant', content: 'Hello' };

function row(value: unknown): DatasetRow {
  const parsed = parseDatasetLine(JSON.stringify(value), 1);
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
  return parsed.row;
}

function problemsOf(value: unknown, line = 17): { field: string | null; message: string }[] {
  const parsed = parseDatasetLine(typeof value === 'string' ? value : JSON.stringify(value), line);
  return parsed.ok ? [] : parsed.problems.map(({ field, message }) => ({ field, message }));
}

describe('good rows', () => {
  it('a chat keeps its messages and weights, and nothing else', () => {
    const messages = [{ ...user, name: 'Ann' }, { ...assistant, weight: 0 }, user, { ...assistant, weight: 1 }];
    expect(row({ messages, id: 7 })).toEqual({
      format: 'chat',
      messages: [user, { ...assistant, weight: 0 }, user, { ...assistant, weight: 1 }],
    });
  });

  it('a prompt with its completion becomes an exchange', () => {
    expect(row({ prompt: 'Hi', completion: 'Hello' })).toEqual({ format: 'prompt-completion', messages: [user, assistant] });
  });

  it('a SAMSum row becomes an exchange', () => {
    expect(row({ id: '1', dialogue: 'Hi', summary: 'Hello' })).toEqual({ format: 'samsum', messages: [user, assistant] });
    expect(row({ text: 'Hi', label: 'Hello' })).toEqual({ format: 'text-label', messages: [user, assistant] });
  });
});

describe('bad rows say where, what and what to do', () => {
  it.each<[string, unknown, string | null, string]>([
    [
      'a misspelt role',
      { messages: [user, { role: 'asistant', content: 'x' }] },
      'messages[1].role',
      'line 17: messages[1].role is "asistant"; use system, user or assistant.',
    ],
    [
      'no role',
      { messages: [{ content: 'x' }, assistant] },
      'messages[0].role',
      'line 17: messages[0].role is missing; use system, user or assistant.',
    ],
    [
      'no content',
      { messages: [{ role: 'user' }, assistant] },
      'messages[0].content',
      'line 17: messages[0].content is missing; give it as a string.',
    ],
    [
      'content null',
      { messages: [{ role: 'user', content: null }, assistant] },
      'messages[0].content',
      'line 17: messages[0].content is null; use a string.',
    ],
    [
      'content of parts',
      { messages: [{ role: 'user', content: [{}] }, assistant] },
      'messages[0].content',
      'line 17: messages[0].content is a list of parts; use one string, images and audio are not supported.',
    ],
    [
      'blank content',
      { messages: [user, { role: 'assistant', content: ' \n' }] },
      'messages[1].content',
      'line 17: messages[1].content is empty; write some text or remove the row.',
    ],
    [
      'a NUL',
      { messages: [user, { role: 'assistant', content: 'a\0' }] },
      'messages[1].content',
      'line 17: messages[1].content holds a NUL character (\\u0000); remove it.',
    ],
    [
      'half a pair',
      { prompt: 'a\ud83d', completion: 'b' },
      'prompt',
      'line 17: prompt holds half of a surrogate pair (\\ud800…\\udfff); write the whole character.',
    ],
    [
      'an unknown key',
      { messages: [{ ...user, contnet: '' }, assistant] },
      'messages[0].contnet',
      'line 17: messages[0] has the unknown key "contnet"; use role, content and weight only.',
    ],
    [
      'a tool call',
      { messages: [user, { ...assistant, tool_calls: [] }] },
      'messages[1].tool_calls',
      'line 17: messages[1] has the key "tool_calls"; training on tool calls is not supported, remove the row.',
    ],
    [
      'a weight of 2',
      { messages: [user, { ...assistant, weight: 2 }] },
      'messages[1].weight',
      'line 17: messages[1].weight is 2; use 0 or 1.',
    ],
    [
      'a weight on a user',
      { messages: [{ ...user, weight: 1 }, assistant] },
      'messages[0].weight',
      'line 17: messages[0].weight belongs to assistant messages only; remove it.',
    ],
    [
      'a user last',
      { messages: [assistant, user] },
      'messages[1].role',
      'line 17: messages[1].role is "user"; the last message must be the assistant\'s, it is what the model learns.',
    ],
    [
      'nothing to learn',
      { messages: [user, { ...assistant, weight: 0 }] },
      'messages',
      'line 17: messages has weight 0 for every assistant message; leave one with weight 1 to learn from.',
    ],
    [
      'an answer alone',
      { messages: [assistant] },
      'messages[0]',
      'line 17: messages[0] is the answer already; put the user message that it answers before it.',
    ],
    ['no messages', { messages: [] }, 'messages', 'line 17: messages is empty; it needs a user message and an assistant message at least.'],
    ['messages as text', { messages: 'Hi' }, 'messages', 'line 17: messages is "Hi"; use a list of {"role", "content"} objects.'],
    ['a message as text', { messages: ['Hi'] }, 'messages[0]', 'line 17: messages[0] is "Hi"; use an object with "role" and "content".'],
    ['no completion', { prompt: 'Hi' }, 'completion', 'line 17: completion is missing; give it as a string.'],
    ['a label as number', { text: 'Hi', label: 3 }, 'label', 'line 17: label is 3; use a string.'],
    ['a summary as number', { dialogue: 'Hi', summary: 3 }, 'summary', 'line 17: summary is 3; use a string.'],
    [
      'other keys',
      { text: 'a', class: 1 },
      null,
      'line 17: the object has the keys "text", "class"; use {"messages": […]}, {"prompt", "completion"}, {"dialogue", "summary"} or {"text", "label"}.',
    ],
    [
      'an empty object',
      {},
      null,
      'line 17: the object is empty; use {"messages": […]}, {"prompt", "completion"}, {"dialogue", "summary"} or {"text", "label"}.',
    ],
    ['a list', '[1]', null, 'line 17: the line holds a list; write one JSON object per line.'],
    ['the start of a list', '[', null, 'line 17: this looks like a JSON list; write one object per line, with no brackets around them.'],
    [
      'a comma at the end',
      '{"prompt": "a"},',
      null,
      'line 17: the line ends with a comma; write one object per line, with no comma between them.',
    ],
    ['a bare word', 'hello', null, "line 17: the line is not JSON (Unexpected token 'h'); write one whole object per line."],
    ['a cut line', '{"prompt":', null, 'line 17: the line is not JSON (Unexpected end of JSON input); write one whole object per line.'],
  ])('%s', (_name, value, field, message) => {
    expect(problemsOf(value)).toEqual([{ field, message }]);
  });

  it('every problem of a row is named', () => {
    const messages = [
      { role: 'usr', content: '' },
      { role: 'assistant', content: 1 },
    ];
    expect(problemsOf({ messages }).map(({ field }) => field)).toEqual(['messages[0].role', 'messages[0].content', 'messages[1].content']);
  });

  it('a long value is cut', () => {
    expect(problemsOf({ messages: 'x'.repeat(9999) })[0]?.message.length).toBeLessThan(120);
  });

  it('a second format in one file names the line of the first', () => {
    expect(mixedFormatProblem(9, 'samsum', { line: 2, format: 'chat' })).toEqual({
      line: 9,
      field: null,
      message: 'line 9: this row is in the samsum format, but the file began with chat on line 2; use one format in a file.',
    });
  });
});
