import { CancelledError, type Clock, StaleEpochError, UnavailableError } from '@capstan/core';
import { RANK_LEFT } from '@capstan/proto';
import { expect, it } from 'vitest';
import { createGang, type GangOptions } from './gang.ts';
import { isPoliteStop } from './stop-control.ts';

/** Sleeps end at once, but in the order of their length. */
const hastyClock: Clock = {
  now: () => new Date(0),
  sleep: async (_ms, { signal } = {}) => {
    signal?.throwIfAborted();
    await new Promise(setImmediate);
    signal?.throwIfAborted();
  },
};

function make(sum: (vector: Float32Array) => Promise<Float32Array>, overrides: Partial<GangOptions> = {}) {
  const stopping = new AbortController();
  let asked: 'continue' | 'stop' | 'checkpoint' = 'continue';
  const gang = createGang({
    assignment: { worldSize: 2 },
    join: () => ({ sum, leave: () => {} }),
    control: { stop: stopping.signal, next: () => asked },
    clock: hastyClock,
    step: () => 4,
    ...overrides,
  });
  const ask = (command: typeof asked) => {
    asked = command;
  };
  return { gang, stopping, ask };
}

/** The other rank, at the same step, gave the same gradients and these flags. */
const withOther =
  (stop: number, checkpoint: number, step = 4) =>
  async (vector: Float32Array) => {
    const flags = vector.length - 3;
    return vector.map((value, index) => value + (index < flags ? value : ([stop, checkpoint, step][index - flags] ?? 0)));
  };

it('gives the sum of the gradients without the flags, and goes on when nobody asks for anything', async () => {
  const { gang } = make(withOther(0, 0));
  expect(await gang.allReduce?.(Float32Array.of(1, 2))).toEqual(Float32Array.of(2, 4));
  expect(gang.next()).toBe('continue');
});

it.each([
  [1, 0, 'stop'],
  [0, 1, 'checkpoint'],
  [1, 1, 'stop'],
] as const)('does what any rank was asked to do (stop %i, checkpoint %i): %s', async (stop, checkpoint, expected) => {
  const { gang } = make(withOther(stop, checkpoint));
  await gang.allReduce?.(Float32Array.of(1));
  expect(gang.next()).toBe(expected);
});

it('does not act on its own stop before the others know', async () => {
  const { gang, ask } = make(withOther(0, 0));
  await gang.allReduce?.(Float32Array.of(1));
  ask('stop');
  expect(gang.next()).toBe('continue');
  await gang.allReduce?.(Float32Array.of(1));
  expect(gang.next()).toBe('stop');
});

it('ranks at different steps are an error, not a wrong model', async () => {
  const { gang } = make(withOther(0, 0, 6));
  await expect(gang.allReduce?.(Float32Array.of(1))).rejects.toThrow('not at the same step');
});

it('a gang that broke is a failure of the attempt, unless the attempt was over or stopping', async () => {
  const broken = async () => {
    throw new UnavailableError('Rank 1 has left.', { reason: RANK_LEFT });
  };
  await expect(make(broken).gang.allReduce?.(Float32Array.of(1))).rejects.toMatchObject({ reason: 'WorkerKilled' });
  for (const reason of [new CancelledError('pause'), new StaleEpochError('over')]) {
    const { gang, stopping } = make(broken);
    stopping.abort(reason);
    await expect(gang.allReduce?.(Float32Array.of(1))).rejects.toBe(reason);
  }
});

it('a scheduler that goes away is no fault of the ranks that met there', async () => {
  const { gang } = make(async () => {
    throw new UnavailableError('This server is shutting down.');
  });
  await expect(gang.allReduce?.(Float32Array.of(1))).rejects.toMatchObject({ reason: 'Preempted' });
});

it('a rank that is told to stop leaves others that never come', async () => {
  const { gang, stopping } = make(() => new Promise(() => {}));
  const reducing = gang.allReduce?.(Float32Array.of(1)).catch((error: unknown) => error);
  stopping.abort(new CancelledError('pause'));
  expect(isPoliteStop(await reducing)).toBe(true);
});
