import { type JobStreamMessage, jobStreamMessageSchema } from '@capstan/core';
import { ApiError, ConnectionError } from './api-error.ts';
import { serverSentEvents } from './server-sent-events.ts';
import type { Transport } from './transport.ts';

export interface StreamJobOptions {
  signal?: AbortSignal | undefined;
  /** The id of the last message of an earlier stream; what came before it is not sent again. */
  lastEventId?: string | undefined;
  /** `end` leaves out what the job has recorded so far; the job itself comes first all the same. */
  from?: 'start' | 'end' | undefined;
}

/** The server sends a heartbeat every 15 s; three missed ones mean a dead connection that nobody closed. */
const SILENCE_LIMIT_MS = 50_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5_000;
/** Failed connections in a row before the stream gives up: about two minutes. */
const MOST_FAILURES = 30;

/**
 * Messages of one job, each exactly once, until `done`. A connection that breaks, falls silent or is refused with 429 or 5xx is opened
 * again with the id of the last message.
 */
export async function* streamJob(
  transport: Transport,
  path: string,
  { signal, lastEventId, from }: StreamJobOptions = {},
): AsyncGenerator<JobStreamMessage> {
  const state: StreamState = { lastEventId, from, failures: 0, isDone: false };
  for (;;) {
    try {
      yield* followConnection(transport, path, state, signal);
    } catch (error) {
      state.failures += 1;
      if (signal?.aborted) throw signal.reason;
      if (isFinal(error) || state.failures >= MOST_FAILURES) throw error;
    }
    if (state.isDone) return;
    await transport.clock.sleep(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** state.failures), { signal });
  }
}

interface StreamState {
  from: StreamJobOptions['from'];
  lastEventId: string | undefined;
  /** Failed connections since the last message. */
  failures: number;
  isDone: boolean;
}

async function* followConnection(transport: Transport, path: string, state: StreamState, signal: AbortSignal | undefined) {
  for await (const { id, content } of connection(transport, path, { signal, lastEventId: state.lastEventId, from: state.from })) {
    state.failures = 0;
    state.lastEventId = id ?? state.lastEventId;
    state.isDone = content.type === 'done';
    yield content;
    if (state.isDone) return;
  }
}

/** One connection, watched for silence. Messages of kinds that a newer server may send are passed over. */
async function* connection(transport: Transport, path: string, { signal, lastEventId, from }: StreamJobOptions) {
  const silence = new AbortController();
  const both = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
  const headers: Record<string, string> = {
    accept: 'text/event-stream',
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  };
  const watch = watchSilence(transport, silence);
  try {
    const response = await transport.send({ method: 'GET', path, query: { from }, headers, signal: both, repeatable: false });
    for await (const message of serverSentEvents(response)) {
      watch.heard();
      if (message === 'heartbeat') continue;
      const content = jobStreamMessageSchema.safeParse({ type: message.event, data: parseJson(message.data) });
      if (content.success) yield { id: message.id, content: content.data };
    }
  } catch (error) {
    if (silence.signal.aborted && !signal?.aborted) throw silence.signal.reason;
    if (error instanceof ApiError || error instanceof ConnectionError || signal?.aborted) throw error;
    throw new ConnectionError(path, error);
  } finally {
    watch.stop();
  }
}

function watchSilence({ clock }: Transport, silence: AbortController): { heard(): void; stop(): void } {
  let timer = new AbortController();
  const start = () => {
    const { signal } = timer;
    clock.sleep(SILENCE_LIMIT_MS, { signal }).then(
      () => silence.abort(new ConnectionError('the event stream', new Error('The stream fell silent.'))),
      () => undefined,
    );
  };
  start();
  return {
    heard: () => {
      timer.abort();
      timer = new AbortController();
      start();
    },
    stop: () => timer.abort(),
  };
}

function isFinal(error: unknown): boolean {
  if (error instanceof ApiError) return error.status < 500 && error.status !== 429;
  return !(error instanceof ConnectionError);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
