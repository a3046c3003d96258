import { ERROR_CODES, type GenerateChunk, type GenerateRequest, type ServeAssignment, UnavailableError } from '@capstan/core';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { chunkFromProto, requestToProto } from '../convert/generate.ts';
import { jsonToProto } from '../convert/json.ts';
import { required } from '../convert/required.ts';
import type { ServeRequest, ServeResponse } from '../gen/lora/v1/inference.ts';
import { restoreError } from '../status.ts';
import { AsyncQueue } from '../streams/async-queue.ts';
import { readMessages } from '../streams/read-messages.ts';
import type { OpenCall, OpenCalls } from './open-calls.ts';
import { type Authenticate, authenticateCall } from './principal.ts';

interface AskOptions {
  signal: AbortSignal;
  onEnd?: () => void;
}

/** The scheduler's end of a serving worker's conversation. */
export interface ServingSession {
  serverId: string;
  sendAssignment(assignment: ServeAssignment): void;
  /**
   * Asks the worker. Leaving the iteration or aborting `signal` tells it to stop; a worker that goes away is an UnavailableError. What comes
   * is kept for a slow reader: `onEnd` is told once when the worker is done with the request, however little of the answer was read.
   */
  generate(request: GenerateRequest, options: AskOptions): AsyncIterable<GenerateChunk>;
  /** Ends the session with this error. */
  refuse(error: unknown): void;
  signal: AbortSignal;
  closed: Promise<void>;
}

type ServeCall = ServerDuplexStream<ServeRequest, ServeResponse>;

/** An answer under way; what is pushed can be read after its end. */
interface Answer {
  push(chunk: GenerateChunk): void;
  end(error?: unknown): void;
}
type Answers = Map<string, Answer>;

export interface ServingServiceOptions {
  calls: OpenCalls;
  authenticate: Authenticate;
  /** Told of every session that begins; the session itself lives until the worker goes or is refused. */
  onServingSession: (session: ServingSession) => void;
}

/** ServingService: routes the chunks that come up to whoever asked. */
export function servingService({ calls, authenticate, onServingSession }: ServingServiceOptions) {
  const serve = async (call: ServeCall, open: OpenCall) => {
    const messages = readMessages<ServeRequest>(call, open.signal);
    const { serverId } = await authenticateCall(call.metadata, authenticate, ['server']);
    const answers: Answers = new Map();
    onServingSession(makeSession({ call, open, serverId, answers }));
    for await (const { message } of messages) {
      if (open.signal.aborted) return;
      routeMessage(required(message, 'message'), answers);
    }
  };
  return {
    serve(call: ServeCall): void {
      const open = calls.add(call);
      serve(call, open).then(() => {
        open.finish();
        call.end();
      }, open.fail);
    },
  };
}

function routeMessage(message: NonNullable<ServeRequest['message']>, answers: Answers): void {
  if (message.$case === 'hello') return;
  // An answer to a request that was cancelled is not here any more: it was on its way when nobody waited.
  const answer = answers.get(message.value.requestId);
  if (message.$case === 'failure') {
    const code = ERROR_CODES.find((candidate) => candidate === message.value.code) ?? 'internal';
    answer?.end(restoreError(code, message.value.message));
    return;
  }
  const chunk = chunkFromProto(required(message.value.chunk, 'chunk'));
  answer?.push(chunk);
  if (chunk.type === 'done') answer?.end();
}

interface SessionParts {
  call: ServeCall;
  open: OpenCall;
  serverId: string;
  answers: Answers;
}

function makeSession({ call, open, serverId, answers }: SessionParts): ServingSession {
  const send = (message: NonNullable<ServeResponse['message']>) => {
    if (!open.signal.aborted) call.write({ message });
  };
  return {
    serverId,
    sendAssignment: (assignment) => send({ $case: 'assignment', value: jsonToProto(assignment) }),
    generate: (request, options) => askWorker({ request, ...options, send, open, answers }),
    refuse: open.fail,
    signal: open.signal,
    closed: new Promise((resolve) => open.signal.addEventListener('abort', () => resolve(), { once: true })),
  };
}

interface Question extends AskOptions {
  request: GenerateRequest;
  send: (message: NonNullable<ServeResponse['message']>) => void;
  open: OpenCall;
  answers: Answers;
}

async function* askWorker({ request, signal, onEnd, send, open, answers }: Question): AsyncGenerator<GenerateChunk> {
  const { requestId } = request;
  const queue = new AsyncQueue<GenerateChunk>();
  const end = (error?: unknown) => {
    if (!answers.delete(requestId)) return;
    signal.removeEventListener('abort', cancel);
    open.signal.removeEventListener('abort', lose);
    queue.fail(error);
    onEnd?.();
  };
  const leave = (reason?: unknown) => {
    if (answers.has(requestId)) send({ $case: 'cancel', value: { requestId } });
    end(reason);
  };
  const cancel = () => leave(signal.reason);
  const lose = () => end(new UnavailableError('The serving worker has gone away.'));
  signal.throwIfAborted();
  if (open.signal.aborted) throw new UnavailableError('The serving worker has gone away.');
  signal.addEventListener('abort', cancel, { once: true });
  open.signal.addEventListener('abort', lose, { once: true });
  answers.set(requestId, { push: (chunk) => queue.push(chunk), end });
  try {
    send({ $case: 'request', value: requestToProto(request) });
    yield* queue;
  } finally {
    leave();
  }
}
