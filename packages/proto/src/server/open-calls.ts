import { CancelledError, UnavailableError } from '@capstan/core';
import { toStatus } from '../status.ts';

/** What server calls of every kind have in common; `emit('error', status)` ends a streaming one with that status. */
interface StreamingCall {
  emit(event: 'error', status: unknown): boolean;
  once(event: 'cancelled' | 'close', listener: () => void): unknown;
}

export interface OpenCall {
  /** Aborts when the other side has gone or the call was ended. */
  signal: AbortSignal;
  /** Ends the call with the status of `error`. Only the first end counts. */
  fail: (error: unknown) => void;
  /** Ends the bookkeeping after the call ended well. */
  finish: () => void;
}

/** The calls that a server has open, so that closing it can tell every caller to try elsewhere. */
export class OpenCalls {
  readonly #open = new Set<OpenCall>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** `end` sends the status; by default as streaming calls want it. */
  add(call: StreamingCall, end: (status: ReturnType<typeof toStatus>) => void = (status) => void call.emit('error', status)): OpenCall {
    const controller = new AbortController();
    const finish = (reason: unknown = new CancelledError('The call has ended.')) => {
      this.#open.delete(open);
      controller.abort(reason);
    };
    const open: OpenCall = {
      signal: controller.signal,
      finish,
      fail: (error) => {
        if (controller.signal.aborted) return;
        finish(error);
        const status = toStatus(error);
        if (status.metadata?.get('capstan-code')[0] === 'internal') this.#onError(error);
        end(status);
      },
    };
    this.#open.add(open);
    call.once('cancelled', () => finish(new CancelledError('The other side has ended the call.')));
    return open;
  }

  closeAll(): void {
    for (const open of this.#open) open.fail(new UnavailableError('This server is shutting down.'));
  }
}
