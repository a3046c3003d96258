import { expect, it } from 'vitest';
import { createWaitMessages } from './wait-messages.ts';

const rank = (number: number, message: string | null, phase: 'pending' | 'running' = 'pending') => ({
  ...{ jobId: 'ftjob-1', attempt: 1, rank: number, phase, message },
});

function open({ failures = 0 } = {}) {
  const written: (string | null)[] = [];
  const messages = createWaitMessages(async (told) => {
    if (failures-- > 0) throw new Error('away');
    written.push(...told.map(({ message }) => message));
  });
  return { written, messages };
}

it('writes what a gang waits for, its first waiting rank before the others, and takes it back when all run', async () => {
  const { written, messages } = open();
  messages.note(rank(1, 'no node'));
  await messages.flush();
  messages.note(rank(0, 'no image'));
  await messages.flush();
  messages.note(rank(0, null, 'running'));
  await messages.flush();
  messages.note(rank(1, null, 'running'));
  await messages.flush();
  expect(written).toEqual(['no node', 'no image', 'no node', null]);
});

it('writes nothing of what came and went between two writes, and nothing twice', async () => {
  const { written, messages } = open();
  messages.note(rank(0, 'no node'));
  messages.note(rank(0, null, 'running'));
  await messages.flush();
  messages.note(rank(0, 'no node'));
  messages.note(rank(0, 'no node'));
  await messages.flush();
  await messages.flush();
  expect(written).toEqual(['no node']);
});

it('keeps what could not be written for the next time', async () => {
  const { written, messages } = open({ failures: 1 });
  messages.note(rank(0, 'no node'));
  await expect(messages.flush()).rejects.toThrow('away');
  await messages.flush();
  expect(written).toEqual(['no node']);
});
