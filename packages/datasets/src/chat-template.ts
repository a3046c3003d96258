import { type ChatMessage, ModelError } from '@capstan/core';
import { Template } from '@huggingface/jinja';

/** Renders a conversation as the model saw them in its training; with `asks` it ends where the assistant's answer begins. */
export type RenderChat = (messages: readonly Pick<ChatMessage, 'role' | 'content'>[], options: { asks: boolean }) => string;

export interface ChatTemplateFiles {
  /** tokenizer_config.json, which may hold a template and names the special tokens. */
  tokenizerConfig?: Uint8Array | undefined;
  /** chat_template.jinja, which newer models have instead. */
  template?: Uint8Array | undefined;
}

/** The model's chat template, or null where it has none; one that cannot be read throws a ModelError. */
export function loadChatTemplate({ tokenizerConfig, template }: ChatTemplateFiles): RenderChat | null {
  const config = tokenizerConfig === undefined ? {} : parseConfig(tokenizerConfig);
  const source = template === undefined ? templateOf(config.chat_template) : new TextDecoder().decode(template);
  if (source === null) return null;
  const compiled = attempt('The chat template cannot be read', () => new Template(source));
  const tokens = { bos_token: tokenText(config.bos_token), eos_token: tokenText(config.eos_token) };
  return (messages, { asks }) => {
    const conversation = messages.map(({ role, content }) => ({ role, content }));
    return attempt('The chat template refuses the conversation', () =>
      compiled.render({ ...tokens, messages: conversation, add_generation_prompt: asks }),
    );
  };
}

function attempt<Result>(what: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw new ModelError(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function parseConfig(bytes: Uint8Array): Record<string, unknown> {
  const config: unknown = attempt('tokenizer_config.json is not JSON', () => JSON.parse(new TextDecoder().decode(bytes)));
  return typeof config === 'object' && config !== null ? (config as Record<string, unknown>) : {};
}

/** One template, or several by name, of which `default` is for conversations. */
function templateOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return null;
  const named = value as { name?: unknown; template?: unknown }[];
  const found = named.find(({ name }) => name === 'default')?.template;
  return typeof found === 'string' ? found : null;
}

/** A token is its text, or an object that holds it. */
function tokenText(value: unknown): string {
  if (typeof value === 'string') return value;
  const content = (value as { content?: unknown } | null | undefined)?.content;
  return typeof content === 'string' ? content : '';
}
