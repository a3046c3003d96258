import { FakeClock } from '@capstan/testing';
import { expect, it } from 'vitest';
import { withLongQueues } from './with-long-queues.ts';

function reader(clock: FakeClock) {
  const state = { length: 3, held: 1, wholeCounts: 0 };
  const read = withLongQueues(
    'queued',
    async (_id: string, countTo = Number.POSITIVE_INFINITY) => {
      if (countTo === Number.POSITIVE_INFINITY) state.wholeCounts += 1;
      return { queued: Math.min(state.length, countTo), held: state.held };
    },
    clock,
  );
  return { state, read: () => read('local') };
}

it('a short queue is counted anew each time', async () => {
  const { state, read } = reader(new FakeClock());
  expect(await read()).toEqual({ queued: 3, held: 1 });
  state.length = 4;
  expect(await read()).toEqual({ queued: 4, held: 1 });
  expect(state.wholeCounts).toBe(0);
});

it('a long queue is counted once in a while, and the rest is as it is now', async () => {
  const { state, read } = reader(new FakeClock());
  state.length = 20_000;
  expect(await read()).toEqual({ queued: 20_000, held: 1 });
  Object.assign(state, { length: 19_000, held: 2 });
  expect(await read()).toEqual({ queued: 20_000, held: 2 });
  expect(state.wholeCounts).toBe(1);
});

it('a long queue that grew short is known at once', async () => {
  const { state, read } = reader(new FakeClock());
  state.length = 20_000;
  await read();
  state.length = 5;
  expect((await read()).queued).toBe(5);
});
