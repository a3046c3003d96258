import { ModelError } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { loadChatTemplate } from './chat-template.ts';

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const TEMPLATE =
  "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}[{{ m.role }}] {{ m.content }}{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n' }}" +
  '{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}';
const chat = loadChatTemplate({ tokenizerConfig: json({ chat_template: TEMPLATE, eos_token: { content: '</s>' } }) });

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
