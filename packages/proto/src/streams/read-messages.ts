import type { Readable } from 'node:stream';
import { fromStatus } from '../status.ts';
import { AsyncQueue } from './async-queue.ts';
import { readable } from './readable.ts';

/** Messages waiting for a slow consumer before the stream is paused, and when it flows again; HTTP/2 then slows the sender. */
const PAUSE_AT = 4;
const RESUME_AT = 1;

/**
 * The messages of a gRPC stream, for one consumer, at its own pace. Throws the error with which the other side ended the call, or
 * the reason of `signal`, which the server aborts when a call is over.
 * (The stream's own iterator would destroy it on leaving, and a destroyed server call never sends its status.)
 */
export function readMessages<Message>(stream: Readable, signal?: AbortSignal): AsyncQueue<Message> {
  const queue = new AsyncQueue<Message>((size) => {
    if (size >= PAUSE_AT) stream.pause();
    else if (size <= RESUME_AT && stream.isPaused()) stream.resume();
  });
  stream.on('data', (message: Message) => {
    try {
      queue.push(readable(message));
    } catch (error) {
      queue.fail(error);
    }
  });
  stream.once('end', () => queue.end());
  stream.on('error', (error) => queue.fail(fromStatus(error)));
  signal?.addEventListener('abort', () => queue.fail(signal.reason), { once: true });
  return queue;
}
