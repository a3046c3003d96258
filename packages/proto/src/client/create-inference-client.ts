import type { GenerateChunk, GenerateRequest } from '@capstan/core';
import { bearer, type ClientTls, clientArguments } from '../channel.ts';
import { chunkFromProto, requestToProto } from '../convert/generate.ts';
import { type GenerateResponse, InferenceServiceClient } from '../gen/lora/v1/inference.ts';
import { readMessages } from '../streams/read-messages.ts';
import { bindCall } from './bind-call.ts';

export interface InferenceClient {
  /** Chunks as they come. Leaving the iteration or aborting the signal stops the generation; nothing is retried. */
  generate(request: GenerateRequest, options: { signal: AbortSignal }): AsyncIterable<GenerateChunk>;
  close(): void;
}

/** The API's way to the scheduler; connects with the first request. */
export function createInferenceClient({ address, token, tls }: { address: string; token: string; tls?: ClientTls }): InferenceClient {
  const client = new InferenceServiceClient(...clientArguments(address, tls));
  return {
    async *generate(request, { signal }) {
      signal.throwIfAborted();
      const call = client.generate(requestToProto(request), bearer(token));
      const messages = readMessages<GenerateResponse>(call);
      bindCall(call, signal);
      try {
        for await (const message of messages) yield chunkFromProto(message);
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      } finally {
        call.cancel();
      }
    },
    close: () => client.close(),
  };
}
