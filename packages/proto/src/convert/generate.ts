import { CHAT_ROLES, type ChatMessage, type GenerateChunk, type GenerateRequest, InvalidRequestError } from '@capstan/core';
import type * as proto from '../gen/lora/v1/inference.ts';
import { finishReasons } from './enums.ts';
import { required } from './required.ts';

export function requestToProto({ input, adapter, seed, ...request }: GenerateRequest): proto.GenerateRequest {
  return {
    ...request,
    seed: seed ?? undefined,
    adapter: adapter ? { artifacts: adapter } : undefined,
    input: 'prompt' in input ? { $case: 'prompt', value: input.prompt } : { $case: 'chat', value: input },
  };
}

export function requestFromProto({ input, adapter, seed, ...request }: proto.GenerateRequest): GenerateRequest {
  const { $case, value } = required(input, 'input');
  return {
    ...request,
    seed: seed ?? null,
    adapter: adapter?.artifacts ?? null,
    input: $case === 'prompt' ? { prompt: value } : { messages: value.messages.map(messageFromProto) },
  };
}

export function chunkToProto(chunk: GenerateChunk): proto.GenerateResponse {
  if (chunk.type === 'token') return { chunk: { $case: 'token', value: { text: chunk.text } } };
  return { chunk: { $case: 'done', value: { ...chunk, finishReason: finishReasons.toProto(chunk.finishReason) } } };
}

export function chunkFromProto(message: proto.GenerateResponse): GenerateChunk {
  const { $case: type, value } = required(message.chunk, 'chunk');
  if (type === 'token') return { type, text: value.text };
  return { type, ...value, finishReason: finishReasons.fromProto(value.finishReason) };
}

function messageFromProto({ role, content }: proto.ChatMessage): ChatMessage {
  const known = CHAT_ROLES.find((candidate) => candidate === role);
  if (known === undefined) throw new InvalidRequestError(`The role ${JSON.stringify(role)} is not one of ${CHAT_ROLES.join(', ')}.`);
  return { role: known, content };
}
