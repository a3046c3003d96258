import { randomUUID } from 'node:crypto';
import { type ChatCompletionRequest, chatCompletionRequestSchema } from '@capstan/core';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { clientSignal } from '../http/client-signal.ts';
import { endpoint } from '../http/endpoint.ts';
import { readJsonBody } from '../http/read-json-body.ts';
import { resource } from '../http/resource.ts';
import { validate } from '../http/validate.ts';
import { buildGenerateRequest } from '../inference/build-generate-request.ts';
import { type Answer, collectAnswer, usageOf } from '../inference/collect-answer.ts';
import { type ChunkWriter, streamAnswer } from '../inference/stream-answer.ts';
import { unixTime } from '../rest/unix-time.ts';

export function chatCompletionRoutes(router: Router, context: ApiContext): void {
  const post = endpoint(context.authenticate, 'submitter', async ({ request, response, caller }) => {
    const { value } = await readJsonBody(request, context.settings.maxJsonBytes);
    const body = validate(chatCompletionRequestSchema, value);
    const sampling = { ...body, max_tokens: body.max_completion_tokens ?? body.max_tokens };
    const question = { model: body.model, input: { messages: body.messages }, sampling };
    const generate = await buildGenerateRequest(context, caller.projectId, question);
    const signal = clientSignal(response, context.shutdown);
    const chunks = context.inference.generate(generate, { signal });
    const head = { id: `chatcmpl-${randomUUID()}`, created: unixTime(context.clock.now()), model: body.model };
    if (body.stream) await streamAnswer(response, chunks, chunkWriter(head, body), { signal });
    else response.json(completion(head, await collectAnswer(chunks)));
  });
  resource(router, '/v1/chat/completions', { post });
}

interface Head {
  id: string;
  created: number;
  model: string;
}

function completion(head: Head, { text, finishReason, usage, tokensPerSecond }: Answer) {
  const message = { role: 'assistant', content: text, refusal: null };
  return {
    ...head,
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: finishReason, logprobs: null }],
    usage,
    capstan: { tokens_per_second: tokensPerSecond },
  };
}

function chunkWriter(head: Head, { stream_options }: ChatCompletionRequest): ChunkWriter {
  const chunk = (delta: object, finishReason: string | null = null) => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: finishReason, logprobs: null }],
  });
  return {
    opening: () => chunk({ role: 'assistant', content: '' }),
    piece: (content) => chunk({ content }),
    closing: (done) => {
      const end = { ...chunk({}, done.finishReason), capstan: { tokens_per_second: done.tokensPerSecond } };
      const usage = { ...head, object: 'chat.completion.chunk', choices: [], usage: usageOf(done) };
      return stream_options?.include_usage ? [end, usage] : [end];
    },
  };
}
