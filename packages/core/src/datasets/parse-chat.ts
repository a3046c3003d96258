import { CHAT_ROLES, type ChatMessage, isTrained } from './dataset-row.ts';
import { describe, type FieldProblem, isObject, textProblems } from './field-problems.ts';

/** `name` is allowed because OpenAI allows it; nothing is trained on it. */
const MESSAGE_KEYS = ['role', 'content', 'weight', 'name'];

/** Checks a `messages` list by OpenAI's rules for supervised fine-tuning and gives every problem, not the first only. */
export function chatProblems(value: unknown): FieldProblem[] {
  const field = 'messages';
  if (!Array.isArray(value)) return [{ field, message: `messages is ${describe(value)}; use a list of {"role", "content"} objects.` }];
  if (value.length === 0) return [{ field, message: 'messages is empty; it needs a user message and an assistant message at least.' }];
  const problems = value.flatMap((message, index) => messageProblems(`messages[${index}]`, message));
  return problems.length > 0 ? problems : conversationProblems(value as ChatMessage[]);
}

/** The messages of a list that `chatProblems` found nothing wrong with. */
export function chatMessages(checked: readonly ChatMessage[]): ChatMessage[] {
  return checked.map(({ role, content, weight }) => (weight === undefined ? { role, content } : { role, content, weight }));
}

/** What is wrong with one message by itself. */
export function messageProblems(field: string, message: unknown): FieldProblem[] {
  if (!isObject(message)) return [{ field, message: `${field} is ${describe(message)}; use an object with "role" and "content".` }];
  const { role, content, weight } = message;
  return [
    ...unknownKeyProblems(field, message),
    ...roleProblems(`${field}.role`, role),
    ...contentProblems(`${field}.content`, content),
    ...(weight === undefined ? [] : weightProblems(`${field}.weight`, role, weight)),
  ];
}

function unknownKeyProblems(field: string, message: Record<string, unknown>): FieldProblem[] {
  return Object.keys(message)
    .filter((key) => !MESSAGE_KEYS.includes(key))
    .map((key) => ({
      field: `${field}.${key}`,
      message:
        key.startsWith('tool') || key.startsWith('function')
          ? `${field} has the key ${describe(key)}; training on tool calls is not supported, remove the row.`
          : `${field} has the unknown key ${describe(key)}; use role, content and weight only.`,
    }));
}

function roleProblems(field: string, role: unknown): FieldProblem[] {
  if (CHAT_ROLES.some((known) => known === role)) return [];
  const what = role === undefined ? 'is missing' : `is ${describe(role)}`;
  return [{ field, message: `${field} ${what}; use system, user or assistant.` }];
}

function contentProblems(field: string, content: unknown): FieldProblem[] {
  if (!Array.isArray(content)) return textProblems(field, content);
  return [{ field, message: `${field} is a list of parts; use one string, images and audio are not supported.` }];
}

function weightProblems(field: string, role: unknown, weight: unknown): FieldProblem[] {
  if (role !== 'assistant') return [{ field, message: `${field} belongs to assistant messages only; remove it.` }];
  return weight === 0 || weight === 1 ? [] : [{ field, message: `${field} is ${describe(weight)}; use 0 or 1.` }];
}

function conversationProblems(messages: readonly ChatMessage[]): FieldProblem[] {
  const last = messages.length - 1;
  if (messages[last]?.role !== 'assistant') {
    const field = `messages[${last}].role`;
    return [
      { field, message: `${field} is "${messages[last]?.role}"; the last message must be the assistant's, it is what the model learns.` },
    ];
  }
  const trained = messages.findLastIndex(isTrained);
  if (trained === -1)
    return [{ field: 'messages', message: 'messages has weight 0 for every assistant message; leave one with weight 1 to learn from.' }];
  if (trained === 0)
    return [{ field: 'messages[0]', message: 'messages[0] is the answer already; put the user message that it answers before it.' }];
  return [];
}
