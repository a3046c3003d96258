import { ShutdownError } from '@capstan/core';

/** What this needs of `process`; tests pass an EventEmitter. */
interface SignalSource {
  on(event: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  off(event: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
}

/**
 * Aborts with a ShutdownError at the first SIGTERM or SIGINT. From then on the default action is back, so a second
 * signal ends a process that hangs in its own shutdown.
 */
export function shutdownSignal(source: SignalSource = process): AbortSignal {
  const controller = new AbortController();
  const abort = () => {
    source.off('SIGTERM', abort);
    source.off('SIGINT', abort);
    controller.abort(new ShutdownError());
  };
  source.on('SIGTERM', abort);
  source.on('SIGINT', abort);
  return controller.signal;
}
