import { ApiError, ConnectionError } from './api-error.ts';
import { serverSentEvents } from './server-sent-events.ts';
import type { Call, Transport } from './transport.ts';

export interface EventStreamOptions<Message> {
  path: string;
  query?: Call['query'];
  /** What the server sends, with the event's name as `type`. Messages of kinds that a newer server may send are passed over. */
  schema: { safeParse(input: unknown): { success: true; data: Message } | { success: false } };
  /** After which message the stream is over; one that never is goes on until the signal aborts. */
  isLast?: (message: Message) => boolean;
  /** The id of the last message of an earlier stream; what came before it is not sent again. */
  lastEventId?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** The server sends a heartbeat every 15 s; three missed ones mean a dead connection that nobody closed. */
const SILENCE_LIMIT_MS = 50_000;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5_000;
/** Failed connections in a row before the stream gives up: about two minutes. */
const MOST_FAILURES = 30;

/**
 * Messages of an event stream, each exactly once. A connection that breaks, falls silent or is refused with 429 or 5xx is opened again with
 * the id of the last message.
 */
export async function* followEvents<Message>(transport: Transport, options: EventStreamOptions<Message>): AsyncGenerator<Message> {
  const { signal } = options;
  const state: StreamState = { lastEventId: options.lastEventId, failures: 0, isDone: false };
  for (;;) {
    try {
      yield* followConnection(transport, options, state);
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
  lastEventId: string | undefined;
  /** Failed connections since the last message. */
  failures: number;
  isDone: boolean;
}

async function* followConnection<Message>(transport: Transport, options: EventStreamOptions<Message>, state: StreamState) {
  for await (const { id, content } of connection(transport, { ...options, lastEventId: state.lastEventId })) {
    state.failures = 0;
    state.lastEventId = id ?? state.lastEventId;
    state.isDone = options.isLast?.(content) ?? false;
    yield content;
    if (state.isDone) return;
  }
}

/** One connection, watched for silence. */
async function* connection<Message>(transport: Transport, { path, query, schema, signal, lastEventId }: EventStreamOptions<Message>) {
  const silence = new AbortController();
  const both = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
  const headers: Record<string, string> = {
    accept: 'text/event-stream',
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  };
  const watch = watchSilence(transport, silence);
  try {
    const call: Call = { method: 'GET', path, headers, signal: both, repeatable: false };
    const response = await transport.send(query === undefined ? call : { ...call, query });
    for await (const message of serverSentEvents(response)) {
      watch.heard();
      if (message === 'heartbeat') continue;
      const content = schema.safeParse({ type: message.event, data: parseJson(message.data) });
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
