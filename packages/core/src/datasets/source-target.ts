import { type ChatMessage, type DatasetRow, isTrained } from './dataset-row.ts';

/** The instruction that T5 was pre-trained with; SAMSum rows carry none of their own. */
const SUMMARIZE_PREFIX = 'summarize: ';

/** What an encoder–decoder model reads and what it learns to write: the last trained assistant message and all before it. */
export function toSourceTarget({ format, messages }: DatasetRow): { source: string; target: string } {
  const answer = messages.findLastIndex(isTrained);
  const target = messages[answer]?.content ?? '';
  const source = joinMessages(messages.slice(0, Math.max(answer, 0)));
  return { source: format === 'samsum' ? SUMMARIZE_PREFIX + source : source, target };
}

/**
 * A conversation as one text. System messages come first; a single message of the user is exactly its content, longer
 * conversations name the speakers. Inference uses the same function, so a model is asked as it was trained.
 */
export function joinMessages(messages: readonly ChatMessage[]): string {
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  const turns = messages.filter(({ role }) => role !== 'system');
  const spoken = turns.length > 1 ? turns.map(({ role, content }) => `${SPEAKERS[role]}: ${content}`) : turns.map(({ content }) => content);
  return [...system, ...spoken].join('\n');
}

const SPEAKERS: Record<ChatMessage['role'], string> = { system: 'System', user: 'User', assistant: 'Assistant' };
