import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Writes `message` and waits while the stream is full. `signal` must abort when the call ends, else a full stream waits forever. */
export async function writeMessage<Message>(stream: Writable, message: Message, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (stream.write(message)) return;
  try {
    await once(stream, 'drain', { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}
