import { describe, expect, it } from 'vitest';
import { gather } from './gather.ts';

const tick = () => new Promise((resolve) => setImmediate(resolve));

async function* produce(count: number, log: number[] = []) {
  for (let item = 1; item <= count; item += 1) {
    log.push(item);
    yield [item];
    await tick();
  }
}

describe('gather', () => {
  it('grows one batch out of all that arrives while its reader is busy, and keeps the order', async () => {
    const batches: number[][] = [];
    for await (const batch of gather(produce(20), 100)) {
      batches.push(batch);
      for (let turn = 0; turn < 8; turn += 1) await tick();
    }
    expect(batches.flat()).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(batches.length).toBeLessThan(10);
  });

  it('passes over empty batches', async () => {
    async function* sparse() {
      yield [];
      await tick();
      yield [1];
      yield [];
    }
    const batches: number[][] = [];
    for await (const batch of gather<number>(sparse(), 10)) batches.push(batch);
    expect(batches).toEqual([[1]]);
  });

  it('stops reading when the limit is reached until the reader takes some', async () => {
    const read: number[] = [];
    const gathered = gather(produce(50, read), 5);
    await gathered.next();
    for (let turn = 0; turn < 100; turn += 1) await tick();
    expect(read.length).toBeLessThanOrEqual(7);
    let last = 0;
    for await (const batch of gathered) last = batch.at(-1) ?? last;
    expect(last).toBe(50);
  });

  it('hands on what came before a failure, then fails', async () => {
    async function* broken() {
      yield [1, 2];
      throw new Error('the line went dead');
    }
    const gathered = gather(broken(), 10);
    expect((await gathered.next()).value).toEqual([1, 2]);
    await expect(gathered.next()).rejects.toThrow('the line went dead');
  });

  it('leaves its source when its reader leaves', async () => {
    let isClosed = false;
    async function* endless() {
      try {
        for (let item = 0; ; item += 1) {
          yield [item];
          await tick();
        }
      } finally {
        isClosed = true;
      }
    }
    for await (const batch of gather(endless(), 10)) if (batch.length > 0) break;
    await tick();
    await tick();
    expect(isClosed).toBe(true);
  });
});
