import type { GenerateChunk, GenerateRequest } from '@capstan/core';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { chunkToProto, requestFromProto } from '../convert/generate.ts';
import type { GenerateResponse, GenerateRequest as ProtoRequest } from '../gen/lora/v1/inference.ts';
import { readable } from '../streams/readable.ts';
import { writeMessage } from '../streams/write-message.ts';
import type { OpenCall, OpenCalls } from './open-calls.ts';
import { type Authenticate, authenticateCall } from './principal.ts';

type GenerateCall = ServerWritableStream<ProtoRequest, GenerateResponse>;

export interface InferenceServiceOptions {
  calls: OpenCalls;
  authenticate: Authenticate;
  onGenerate: (request: GenerateRequest, options: { signal: AbortSignal }) => AsyncIterable<GenerateChunk>;
}

/** InferenceService: chunks go out as they come, at the reader's pace; a reader that leaves aborts the signal. */
export function inferenceService({ calls, authenticate, onGenerate }: InferenceServiceOptions) {
  const answer = async (call: GenerateCall, { signal }: OpenCall) => {
    await authenticateCall(call.metadata, authenticate, ['api']);
    const request = requestFromProto(readable(call.request));
    for await (const chunk of onGenerate(request, { signal })) await writeMessage(call, chunkToProto(chunk), signal);
  };
  return {
    generate(call: GenerateCall): void {
      const open = calls.add(call);
      answer(call, open).then(() => {
        open.finish();
        call.end();
      }, open.fail);
    },
  };
}
