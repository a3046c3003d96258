import { EventEmitter } from 'node:events';
import { ShutdownError } from '@capstan/core';
import { expect, it } from 'vitest';
import { shutdownSignal } from './shutdown-signal.ts';

it.each(['SIGTERM', 'SIGINT'] as const)('%s aborts with a ShutdownError and hands the next signal back to the system', (name) => {
  const source = new EventEmitter();
  const signal = shutdownSignal(source);
  expect(signal.aborted).toBe(false);
  source.emit(name);
  expect(signal.reason).toBeInstanceOf(ShutdownError);
  expect(source.listenerCount('SIGTERM') + source.listenerCount('SIGINT')).toBe(0);
});
