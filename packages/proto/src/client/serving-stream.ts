import {
  AppError,
  CancelledError,
  type GenerateChunk,
  type GenerateRequest,
  type ServeAssignment,
  serveAssignmentSchema,
} from '@capstan/core';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { chunkToProto, requestFromProto } from '../convert/generate.ts';
import { jsonFromProto } from '../convert/json.ts';
import { required } from '../convert/required.ts';
import type { ServeRequest, ServeResponse } from '../gen/lora/v1/inference.ts';
import { readMessages } from '../streams/read-messages.ts';
import { writeMessage } from '../streams/write-message.ts';
import { bindCall } from './bind-call.ts';

/** One request to a serving worker, to be answered with chunks up to `done`, or with a failure. */
export interface ServingRequest {
  request: GenerateRequest;
  /** Aborts when nobody waits for the answer any more: cancelled, or the connection is gone. */
  signal: AbortSignal;
  /** Waits while the connection is full; rejects once `signal` has aborted. */
  send: (chunk: GenerateChunk) => Promise<void>;
  /** Ends the answer with an error. */
  fail: (error: unknown) => Promise<void>;
}

export interface ServingStreamOptions {
  call: ClientDuplexStream<ServeRequest, ServeResponse>;
  signal: AbortSignal;
  onAssignment: (assignment: ServeAssignment) => void;
  onRequest: (request: ServingRequest) => void;
}

/** One life of a serving worker's stream. Rejects when it is over; every request still open is then aborted. */
export async function runServingStream({ call, signal, onAssignment, onRequest }: ServingStreamOptions): Promise<void> {
  const messages = readMessages<ServeResponse>(call);
  const ended = bindCall(call, signal);
  const open = new Map<string, AbortController>();
  try {
    await writeMessage(call, { message: { $case: 'hello', value: {} } }, ended);
    for await (const { message } of messages) {
      const { $case, value } = required(message, 'message');
      if ($case === 'assignment') onAssignment(jsonFromProto(value, serveAssignmentSchema));
      if ($case === 'cancel') open.get(value.requestId)?.abort(new CancelledError('The request was cancelled.'));
      if ($case !== 'request') continue;
      onRequest(openRequest(requestFromProto(value), { call, ended, open }));
    }
  } finally {
    call.cancel();
  }
}

interface RequestContext {
  call: ServingStreamOptions['call'];
  ended: AbortSignal;
  open: Map<string, AbortController>;
}

function openRequest(request: GenerateRequest, { call, ended, open }: RequestContext): ServingRequest {
  const { requestId } = request;
  const controller = new AbortController();
  open.set(requestId, controller);
  const signal = AbortSignal.any([controller.signal, ended]);
  return {
    request,
    signal,
    async send(chunk) {
      if (chunk.type === 'done') open.delete(requestId);
      await writeMessage(call, { message: { $case: 'chunk', value: { requestId, chunk: chunkToProto(chunk) } } }, signal);
    },
    async fail(error) {
      open.delete(requestId);
      if (signal.aborted) return;
      const { code, message } = error instanceof AppError ? error : new AppError('internal', 'The serving worker failed.');
      await writeMessage(call, { message: { $case: 'failure', value: { requestId, code, message } } }, signal);
    },
  };
}
