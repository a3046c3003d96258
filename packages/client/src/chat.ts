import {
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatCompletionRequestInput,
  chatCompletionChunkSchema,
  chatCompletionSchema,
  errorBodySchema,
} from '@capstan/core';
import { ApiError } from './api-error.ts';
import { serverSentEvents } from './server-sent-events.ts';
import type { RequestOptions, Transport } from './transport.ts';

type ChatRequest = Omit<ChatCompletionRequestInput, 'stream'>;

export interface ChatClient {
  complete(request: ChatRequest, options?: RequestOptions): Promise<ChatCompletion>;
  /** Pieces of the answer as they are made; leaving the loop stops the generation. */
  stream(request: ChatRequest, options?: RequestOptions): AsyncGenerator<ChatCompletionChunk>;
}

const PATH = '/chat/completions';

export function chatClient(transport: Transport): ChatClient {
  return {
    complete: (json, options) => transport.request(chatCompletionSchema, { method: 'POST', path: PATH, json, ...options }),
    stream: (request, options) => streamChat(transport, request, options),
  };
}

async function* streamChat({ send }: Transport, request: ChatRequest, options?: RequestOptions): AsyncGenerator<ChatCompletionChunk> {
  const response = await send({ method: 'POST', path: PATH, json: { ...request, stream: true }, ...options });
  for await (const message of serverSentEvents(response)) {
    if (message === 'heartbeat') continue;
    if (message.data === '[DONE]') return;
    const chunk: unknown = JSON.parse(message.data);
    throwIfError(chunk, response);
    yield chatCompletionChunkSchema.parse(chunk);
  }
}

/** A generation that fails after its first piece can only say so inside the stream. */
function throwIfError(chunk: unknown, response: Response): void {
  const body = errorBodySchema.safeParse(chunk);
  if (!body.success) return;
  const { message, type, code, param } = body.data.error;
  const requestId = response.headers.get('x-request-id');
  throw new ApiError(message, { status: response.status, type, code, param, requestId, retryAfterMs: null, problems: [] });
}
