import {
  CHAT_ROLES,
  type ChatMessage,
  type DecodingOptions,
  decodingOptionsSchema,
  type GenerateChunk,
  type GenerateRequest,
  InvalidRequestError,
} from '@capstan/core';
import type * as proto from '../gen/lora/v1/inference.ts';
import { finishReasons } from './enums.ts';
import { required } from './required.ts';

export function requestToProto({ input, adapter, seed, decoding, ...request }: GenerateRequest): proto.GenerateRequest {
  return {
    ...request,
    seed: seed ?? undefined,
    adapter: adapter ? { artifacts: adapter } : undefined,
    input: 'prompt' in input ? { $case: 'prompt', value: input.prompt } : { $case: 'chat', value: input },
    decoding: decoding && { ...decoding, earlyStopping: decoding.earlyStopping?.toString() },
  };
}

export function requestFromProto({ input, adapter, seed, decoding, ...request }: proto.GenerateRequest): GenerateRequest {
  const { $case, value } = required(input, 'input');
  return {
    ...request,
    seed: seed ?? null,
    adapter: adapter?.artifacts ?? null,
    input: $case === 'prompt' ? { prompt: value } : { messages: value.messages.map(messageFromProto) },
    decoding: decoding && decodingFromProto(decoding),
  };
}

function decodingFromProto({ earlyStopping, ...decoding }: proto.DecodingOptions): DecodingOptions {
  const said = earlyStopping === 'true' || earlyStopping === 'false' ? earlyStopping === 'true' : earlyStopping;
  const { success, data, error } = decodingOptionsSchema.safeParse({ ...decoding, earlyStopping: said });
  if (success) return data;
  throw new InvalidRequestError(`The decoding options cannot be read: ${error.issues[0]?.message}`, { param: 'capstan' });
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
