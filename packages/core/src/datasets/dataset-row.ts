export const CHAT_ROLES = ['system', 'user', 'assistant'] as const;
export type ChatRole = (typeof CHAT_ROLES)[number];

export interface ChatMessage {
  role: ChatRole;
  content: string;
  /** 0 keeps an assistant's message out of training; OpenAI's rule. Absent means 1. */
  weight?: 0 | 1;
}

export const DATASET_FORMATS = ['chat', 'prompt-completion', 'samsum', 'text-label', 'preference'] as const;
export type DatasetFormat = (typeof DATASET_FORMATS)[number];

/** One training example, whatever the file called its fields: it ends with an assistant's message and at least one is trained on. */
export interface DatasetRow {
  format: DatasetFormat;
  messages: ChatMessage[];
  /** Of a preference row: the answer that is worse than the last message. */
  rejected?: ChatMessage;
}

/** Something to correct in a dataset; `message` names the line, says what is wrong and what to write instead. */
export interface DatasetProblem {
  line: number;
  /** Path inside the line's object, e.g. `messages[1].role`; null if the whole line is at fault. */
  field: string | null;
  message: string;
}

export const isTrained = (message: ChatMessage): boolean => message.role === 'assistant' && message.weight !== 0;
