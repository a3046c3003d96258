import type { ChatMessage, DatasetFormat, DatasetProblem, DatasetRow } from './dataset-row.ts';
import { describe, type FieldProblem, isObject, textProblems } from './field-problems.ts';
import { chatMessages, chatProblems } from './parse-chat.ts';
import { preferenceMessages, preferenceProblems } from './parse-preference.ts';

export type ParsedLine = { ok: true; row: DatasetRow } | { ok: false; problems: DatasetProblem[] };

/** Reads one line of a JSONL dataset, or says everything that is wrong with it. Keys beside the format's own are ignored. */
export function parseDatasetLine(text: string, line: number): ParsedLine {
  const refuse = (problems: FieldProblem[]): ParsedLine => ({ ok: false, problems: problems.map((problem) => atLine(line, problem)) });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse([{ field: null, message: explainSyntax(text, error) }]);
  }
  if (!isObject(value)) return refuse([{ field: null, message: `the line holds ${describe(value)}; write one JSON object per line.` }]);
  const format = detectFormat(value);
  if (format === null) return refuse([{ field: null, message: explainKeys(value) }]);
  const problems = rowProblems(format, value);
  return problems.length > 0 ? refuse(problems) : { ok: true, row: { format, ...readMessages(format, value) } };
}

/** The problem of a good row that is not of the format with which its file began. */
export function mixedFormatProblem(line: number, format: DatasetFormat, first: { line: number; format: DatasetFormat }): DatasetProblem {
  const message = `this row is in the ${format} format, but the file began with ${first.format} on line ${first.line}; use one format in a file.`;
  return atLine(line, { field: null, message });
}

export function atLine(line: number, { field, message }: FieldProblem): DatasetProblem {
  return { line, field, message: `line ${line}: ${message}` };
}

function detectFormat(value: Record<string, unknown>): DatasetFormat | null {
  if ('preferred_output' in value || 'non_preferred_output' in value) return 'preference';
  if ('messages' in value) return 'chat';
  if ('prompt' in value || 'completion' in value) return 'prompt-completion';
  if ('dialogue' in value || 'summary' in value) return 'samsum';
  if ('text' in value && 'label' in value) return 'text-label';
  return null;
}

function rowProblems(format: DatasetFormat, value: Record<string, unknown>): FieldProblem[] {
  switch (format) {
    case 'chat':
      return chatProblems(value.messages);
    case 'prompt-completion':
      return [...textProblems('prompt', value.prompt), ...textProblems('completion', value.completion)];
    case 'samsum':
      return [...textProblems('dialogue', value.dialogue), ...textProblems('summary', value.summary)];
    case 'text-label':
      return [...textProblems('text', value.text), ...textProblems('label', value.label)];
    case 'preference':
      return preferenceProblems(value);
  }
}

/** Only for an object without `rowProblems`, which is what makes the casts true. */
function readMessages(format: DatasetFormat, value: Record<string, unknown>): Pick<DatasetRow, 'messages' | 'rejected'> {
  switch (format) {
    case 'chat':
      return { messages: chatMessages(value.messages as ChatMessage[]) };
    case 'prompt-completion':
      return { messages: exchange(value.prompt as string, value.completion as string) };
    case 'samsum':
      return { messages: exchange(value.dialogue as string, value.summary as string) };
    case 'text-label':
      return { messages: exchange(value.text as string, value.label as string) };
    case 'preference':
      return preferenceMessages(value);
  }
}

function exchange(user: string, assistant: string): ChatMessage[] {
  return [
    { role: 'user', content: user },
    { role: 'assistant', content: assistant },
  ];
}

function explainKeys(value: Record<string, unknown>): string {
  const keys = Object.keys(value)
    .slice(0, 5)
    .map((key) => describe(key));
  const has = keys.length === 0 ? 'the object is empty' : `the object has the keys ${keys.join(', ')}`;
  return `${has}; use {"messages": […]}, {"prompt", "completion"}, {"dialogue", "summary"} or {"text", "label"}.`;
}

function explainSyntax(text: string, error: unknown): string {
  const trimmed = text.trim();
  if (trimmed === '[' || trimmed.startsWith('[{'))
    return 'this looks like a JSON list; write one object per line, with no brackets around them.';
  if (trimmed.endsWith('},')) return 'the line ends with a comma; write one object per line, with no comma between them.';
  const detail =
    error instanceof Error ? error.message.replace(/ \(line 1 column \d+\)$/, '').replace(/, "?[\s\S]*"? is not valid JSON$/, '') : '';
  return `the line is not JSON (${detail}); write one whole object per line.`;
}
