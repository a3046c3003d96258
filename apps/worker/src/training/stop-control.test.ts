import { ShutdownError, StaleEpochError, type WorkerCommand } from '@capstan/core';
import { expect, it } from 'vitest';
import { createStopControl, isPoliteStop } from './stop-control.ts';

const never = new AbortController().signal;
const settle = () => new Promise(setImmediate);
async function* commands(...all: (WorkerCommand | Error)[]): AsyncGenerator<WorkerCommand> {
  for (const command of all) {
    if (command instanceof Error) throw command;
    yield command;
  }
  await new Promise(() => {});
}

it('gives a checkpoint once for each time that one was asked for', async () => {
  const control = createStopControl(commands({ type: 'checkpoint' }), never);
  await settle();
  expect([control.next(), control.next()]).toEqual(['checkpoint', 'continue']);
});

it.each(['pause', 'cancel'] as const)('stops politely to %s', async (reason) => {
  const control = createStopControl(commands({ type: 'stop', reason }), never);
  await settle();
  expect(control.next()).toBe('stop');
  expect(isPoliteStop(control.stop.reason)).toBe(true);
});

it('stops politely when the process is told to shut down', () => {
  const control = createStopControl(commands(), AbortSignal.abort(new ShutdownError()));
  expect(control.next()).toBe('stop');
  expect(isPoliteStop(control.stop.reason)).toBe(true);
});

it.each([{ type: 'stop', reason: 'stale' } as const, new StaleEpochError('over')])('throws when the attempt is over', async (end) => {
  const control = createStopControl(commands(end), never);
  await settle();
  expect(() => control.next()).toThrow(StaleEpochError);
  expect(isPoliteStop(control.stop.reason)).toBe(false);
});
