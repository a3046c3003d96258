import type { ChatMessage } from './dataset-row.ts';
import { describe, type FieldProblem, isObject } from './field-problems.ts';
import { chatMessages, messageProblems } from './parse-chat.ts';

/** Checks a row by OpenAI's rules for preference fine-tuning: a conversation, and a better and a worse answer to it. */
export function preferenceProblems(value: Record<string, unknown>): FieldProblem[] {
  return [
    ...inputProblems(value.input),
    ...answerProblems('preferred_output', value.preferred_output),
    ...answerProblems('non_preferred_output', value.non_preferred_output),
  ];
}

/** The conversation with its better answer, and the worse one, of a row that `preferenceProblems` found nothing wrong with. */
export function preferenceMessages(value: Record<string, unknown>): { messages: ChatMessage[]; rejected: ChatMessage } {
  const { messages } = value.input as { messages: ChatMessage[] };
  const [preferred] = value.preferred_output as [ChatMessage];
  const [rejected] = value.non_preferred_output as [ChatMessage];
  const { role, content } = rejected;
  return { messages: [...chatMessages(messages), { role: preferred.role, content: preferred.content }], rejected: { role, content } };
}

function inputProblems(input: unknown): FieldProblem[] {
  const field = 'input';
  if (!isObject(input))
    return [{ field, message: `input is ${input === undefined ? 'missing' : describe(input)}; use {"messages": […]}.` }];
  const { messages, tools, parallel_tool_calls: _, ...others } = input;
  if (Array.isArray(tools) && tools.length > 0)
    return [{ field: 'input.tools', message: 'input.tools is not empty; training on tool calls is not supported, remove the row.' }];
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    return [{ field: `input.${unknown}`, message: `input has the unknown key ${describe(unknown)}; use messages only.` }];
  if (!Array.isArray(messages) || messages.length === 0)
    return [{ field: 'input.messages', message: 'input.messages is not a list of messages; use at least one user message.' }];
  const problems = messages.flatMap((message, index) => messageProblems(`input.messages[${index}]`, message));
  const last = messages.length - 1;
  if (problems.length > 0 || (messages[last] as ChatMessage).role !== 'assistant') return problems;
  return [
    {
      field: `input.messages[${last}].role`,
      message: `input.messages[${last}] is an answer already; the outputs are the answers, end with the user's message.`,
    },
  ];
}

function answerProblems(field: string, answer: unknown): FieldProblem[] {
  if (!Array.isArray(answer) || answer.length !== 1)
    return [
      {
        field,
        message: `${field} is ${answer === undefined ? 'missing' : 'not a list of one message'}; use [{"role": "assistant", "content": "…"}].`,
      },
    ];
  const problems = messageProblems(`${field}[0]`, answer[0]);
  if (problems.length > 0 || (answer[0] as ChatMessage).role === 'assistant') return problems;
  return [{ field: `${field}[0].role`, message: `${field}[0].role is not "assistant"; an output is the assistant's.` }];
}
