import { AppError, type WorkerReport } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { Outbox } from './outbox.ts';
import type { SpillStore } from './spill-store.ts';

const log = (message: string): WorkerReport => ({ type: 'log', level: 'info', message, at: new Date(0) });

/** A spill store that is as plain as its contract. */
function makeStore(): SpillStore & { held: Uint8Array[] } {
  const held: Uint8Array[] = [];
  return {
    held,
    append: (record) => void held.push(record),
    take({ maxBytes, maxRecords }) {
      let bytes = 0;
      const isTooMuch = (record: Uint8Array, place: number) => {
        bytes += record.byteLength;
        return place > 0 && (place >= maxRecords || bytes > maxBytes);
      };
      const end = held.findIndex(isTooMuch);
      return held.splice(0, end === -1 ? held.length : end);
    },
  };
}

/** Sends all that there is as a session does, and acknowledges each batch once it is sent. */
function drain(outbox: Outbox): string[] {
  const sent: string[] = [];
  for (;;) {
    const batch = outbox.batchAfter(outbox.acknowledged);
    if (batch.length === 0) return sent;
    for (const { sequence, report } of batch) sent.push(`${sequence} ${report?.$case === 'log' ? report.value.message : ''}`);
    outbox.acknowledge(batch.at(-1)?.sequence ?? 0);
  }
}

const expected = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, place) => `${first + place} ${first + place}`);

describe('reports beyond what memory takes', () => {
  it('wait in the store, and come out once and in order', () => {
    const store = makeStore();
    const outbox = new Outbox(store);
    for (let number = 1; number <= 200_000; number += 1) outbox.add(log(String(number)));
    expect(outbox.countAfter(0)).toBeLessThanOrEqual(16_384);
    expect(outbox.countAfter(0) + store.held.length).toBe(200_000);
    expect(drain(outbox)).toEqual(expected(1, 200_000));
    expect(store.held).toEqual([]);
  });

  it('keep their order when new ones come while old ones are read back', () => {
    const outbox = new Outbox(makeStore());
    const sent: string[] = [];
    let number = 1;
    for (let round = 0; round < 100; round += 1) {
      for (const end = number + 700; number < end; number += 1) outbox.add(log(String(number)));
      if (round < 50) continue;
      const batch = outbox.batchAfter(outbox.acknowledged);
      for (const { sequence } of batch) sent.push(`${sequence} ${sequence}`);
      outbox.acknowledge(batch.at(-1)?.sequence ?? 0);
    }
    expect([...sent, ...drain(outbox)]).toEqual(expected(1, 70_000));
  });

  it('wait in the store by their size, too, and large ones come out one by one', () => {
    const store = makeStore();
    const outbox = new Outbox(store);
    const large = 'x'.repeat(3_000_000);
    for (let number = 1; number <= 8; number += 1) outbox.add(log(large));
    expect(outbox.countAfter(0)).toBe(2);
    expect(store.held).toHaveLength(6);
    expect(drain(outbox)).toHaveLength(8);
  });

  it('never acknowledge what only the store holds', () => {
    const store = makeStore();
    const outbox = new Outbox(store);
    for (let number = 1; number <= 40_000; number += 1) outbox.add(log(String(number)));
    outbox.acknowledge(40_000);
    expect(outbox.acknowledged).toBe(16_384);
    expect(drain(outbox)).toEqual(expected(16_385, 40_000));
  });

  it('are refused, and those before them kept, when the store is full', () => {
    const store = makeStore();
    const outbox = new Outbox({
      ...store,
      append(record) {
        if (store.held.length === 100) throw new AppError('unavailable', 'The disk is full.');
        store.append(record);
      },
    });
    const addMany = () => {
      for (let number = 1; number <= 20_000; number += 1) outbox.add(log(String(number)));
    };
    expect(addMany).toThrow('The disk is full.');
    expect(drain(outbox)).toEqual(expected(1, 16_484));
    expect(outbox.add(log('')).sequence).toBe(16_485);
  });

  it('are given up aloud when the store has lost them', async () => {
    const store = makeStore();
    const outbox = new Outbox({
      ...store,
      take: () => {
        throw new AppError('internal', 'The disk is gone.');
      },
    });
    for (let number = 1; number <= 20_000; number += 1) outbox.add(log(String(number)));
    const flushed = outbox.flushed(new AbortController().signal);
    expect(drain(outbox)).toEqual(expected(1, 16_384));
    await expect(flushed).rejects.toThrow('The disk is gone.');
    expect(() => outbox.add(log(''))).toThrow('The disk is gone.');
  });
});
