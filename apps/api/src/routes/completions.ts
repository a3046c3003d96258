import { randomUUID } from 'node:crypto';
import { type CompletionRequest, completionRequestSchema } from '@capstan/core';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { clientSignal } from '../http/client-signal.ts';
import { endpoint } from '../http/endpoint.ts';
import { readJsonBody } from '../http/read-json-body.ts';
import { resource } from '../http/resource.ts';
import { validate } from '../http/validate.ts';
import { buildGenerateRequest } from '../inference/build-generate-request.ts';
import { collectAnswer, usageOf } from '../inference/collect-answer.ts';
import { type ChunkWriter, streamAnswer } from '../inference/stream-answer.ts';
import { unixTime } from '../rest/unix-time.ts';

/** The older kind: a bare prompt, which reaches the model exactly as it was written. */
export function completionRoutes(router: Router, context: ApiContext): void {
  const post = endpoint(context.authenticate, 'submitter', async ({ request, response, caller }) => {
    const { value } = await readJsonBody(request, context.settings.maxJsonBytes);
    const body = validate(completionRequestSchema, value);
    const question = { model: body.model, input: { prompt: body.prompt }, sampling: body };
    const generate = await buildGenerateRequest(context, caller.projectId, question);
    const signal = clientSignal(response, context.shutdown);
    const chunks = context.inference.generate(generate, { signal });
    const write = completionWriter({ id: `cmpl-${randomUUID()}`, created: unixTime(context.clock.now()), model: body.model });
    if (body.stream) return streamAnswer(response, chunks, chunkWriter(write, body), { signal });
    const { text, finishReason, usage, tokensPerSecond } = await collectAnswer(chunks);
    response.json({ ...write(text, finishReason), usage, capstan: { tokens_per_second: tokensPerSecond } });
  });
  resource(router, '/v1/completions', { post });
}

type WriteCompletion = ReturnType<typeof completionWriter>;

function completionWriter(head: { id: string; created: number; model: string }) {
  return (text: string, finishReason: string | null) => ({
    ...head,
    object: 'text_completion',
    choices: [{ index: 0, text, finish_reason: finishReason, logprobs: null }],
  });
}

function chunkWriter(write: WriteCompletion, { stream_options }: CompletionRequest): ChunkWriter {
  return {
    opening: () => null,
    piece: (text) => write(text, null),
    closing: (done) => {
      const end = { ...write('', done.finishReason), capstan: { tokens_per_second: done.tokensPerSecond } };
      return stream_options?.include_usage ? [end, { ...write('', null), choices: [], usage: usageOf(done) }] : [end];
    },
  };
}
