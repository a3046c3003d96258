import { type AppError, CancelledError, ShutdownError, StaleEpochError, type WorkerCommand } from '@capstan/core';
import type { TrainCommand } from '@capstan/trainer';

export interface StopControl {
  /** Aborts when the run is to stop politely: a command, or SIGTERM. */
  stop: AbortSignal;
  /** What the trainer asks at every step boundary. A checkpoint that was asked for is given once. */
  next(): TrainCommand;
}

/**
 * Gathers everything that may end a run early. Listens to `commands` until they end; commands that end in an error mean that the
 * session is over for good, and stop the run with that error.
 */
export function createStopControl(commands: AsyncIterable<WorkerCommand>, shutdown: AbortSignal): StopControl {
  const stopping = new AbortController();
  const stop = AbortSignal.any([stopping.signal, shutdown]);
  let wantsCheckpoint = false;
  const listen = async () => {
    for await (const command of commands) {
      if (command.type === 'checkpoint') wantsCheckpoint = true;
      else stopping.abort(reasonOf(command.reason));
    }
  };
  listen().catch((error: unknown) => stopping.abort(error));
  return {
    stop,
    next() {
      if (stop.aborted && !isPoliteStop(stop.reason)) throw stop.reason;
      if (stop.aborted) return 'stop';
      const command = wantsCheckpoint ? 'checkpoint' : 'continue';
      wantsCheckpoint = false;
      return command;
    },
  };
}

/** Whether the scheduler still listens, so that a checkpoint and a `stopped` report make sense. */
export function isPoliteStop(reason: unknown): boolean {
  return reason instanceof CancelledError || reason instanceof ShutdownError;
}

function reasonOf(reason: Extract<WorkerCommand, { type: 'stop' }>['reason']): AppError {
  if (reason === 'stale') return new StaleEpochError('The scheduler has given this attempt up.');
  return new CancelledError(`The scheduler asked to stop (${reason}).`);
}
