import { setImmediate } from 'node:timers/promises';
import { ConflictError, ShutdownError, UnavailableError } from '@capstan/core';
import { FakeClock } from '@capstan/testing';
import { describe, expect, it } from 'vitest';
import { migrateWhenReachable } from './migrate-when-reachable.ts';

const url = 'postgresql://user:secret@somewhere:5432/capstan';
const away = () => Promise.reject(new UnavailableError('The database cannot be reached.'));

describe('migrateWhenReachable', () => {
  it('goes on while there is no server, with growing pauses, and names the place alone', async () => {
    const clock = new FakeClock();
    const told: string[] = [];
    let calls = 0;
    const bringUpToDate = () => (++calls < 4 ? away() : Promise.resolve({ applied: ['init'] }));
    const { signal } = new AbortController();
    const waiting = migrateWhenReachable(url, { clock, signal, bringUpToDate, onAway: (_error, address) => told.push(address) });
    for (const ms of [250, 500, 1_000]) {
      await setImmediate();
      await clock.advance(ms);
    }
    expect(await waiting).toEqual({ applied: ['init'] });
    expect(told).toEqual(['somewhere:5432', 'somewhere:5432', 'somewhere:5432']);
  });

  it('does not wait for a database with another history', async () => {
    const bringUpToDate = () => Promise.reject(new ConflictError('another history'));
    const { signal } = new AbortController();
    const waiting = migrateWhenReachable(url, { clock: new FakeClock(), signal, bringUpToDate, onAway: () => expect.fail('not away') });
    await expect(waiting).rejects.toThrow('another history');
  });

  it('ends with the process that waits', async () => {
    const stopping = new AbortController();
    const waiting = migrateWhenReachable(url, {
      ...{ clock: new FakeClock(), signal: stopping.signal, bringUpToDate: away },
      onAway: () => stopping.abort(new ShutdownError()),
    });
    await expect(waiting).rejects.toThrow(ShutdownError);
  });
});
