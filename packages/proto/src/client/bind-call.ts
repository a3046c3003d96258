import type { EventEmitter } from 'node:events';
import { UnavailableError } from '@capstan/core';

/**
 * Cancels `call` when `signal` aborts. The signal that comes back aborts when the call is over, whatever the way; by then no
 * listener is left on `signal`.
 */
export function bindCall(call: EventEmitter & { cancel(): void }, signal: AbortSignal): AbortSignal {
  const ended = new AbortController();
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  call.once('status', () => {
    signal.removeEventListener('abort', cancel);
    ended.abort(signal.aborted ? signal.reason : new UnavailableError('The call has ended.'));
  });
  if (signal.aborted) call.cancel();
  return ended.signal;
}
