import { AppError, type GenerateChunk } from '@capstan/core';
import type { Response } from 'express';
import { errorBody } from '../http/error-response.ts';
import { openEventStream } from '../stream/event-stream.ts';
import { endedEarly } from './collect-answer.ts';

/** How one kind of completion writes its chunks. */
export interface ChunkWriter {
  /** Sent before the first piece; null where there is no such chunk. */
  opening(): object | null;
  piece(text: string): object;
  /** The chunk that ends the text, and the one with the usage if the client asked for it. */
  closing(done: Extract<GenerateChunk, { type: 'done' }>): object[];
}

/**
 * Sends chunks as they are made, then `[DONE]`. The stream opens with the first chunk, so what goes wrong before it (no such model, no free server) is
 * still answered with its own status; what goes wrong later can only be said inside the stream.
 */
export async function streamAnswer(
  response: Response,
  chunks: AsyncIterable<GenerateChunk>,
  writer: ChunkWriter,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  const stream = openEventStream(response);
  const send = (data: object | string) => stream.send({ data }, { signal });
  try {
    const opening = writer.opening();
    if (opening) await send(opening);
    await sendAll(first, iterator, writer, send);
    await send('[DONE]');
  } catch (error) {
    if (signal.aborted) return;
    const shown =
      error instanceof AppError ? error : new AppError('internal', 'The answer broke off; the request can be repeated.', { cause: error });
    await send(errorBody(shown));
  } finally {
    await iterator.return?.();
    stream.end();
  }
}

async function sendAll(
  first: IteratorResult<GenerateChunk>,
  iterator: AsyncIterator<GenerateChunk>,
  writer: ChunkWriter,
  send: (data: object) => Promise<void>,
): Promise<void> {
  for (let next = first; ; next = await iterator.next()) {
    if (next.done) throw endedEarly();
    if (next.value.type === 'token') {
      await send(writer.piece(next.value.text));
      continue;
    }
    for (const chunk of writer.closing(next.value)) await send(chunk);
    return;
  }
}
