import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase, createTestRedis, hasTestRedis } from '@capstan/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createQueue, type QueueConnection } from './create-queue.ts';
import type { JobQueue, TakenEntry } from './job-queue.ts';

/** Short enough to wait for; only where a test waits for it, because a slow machine would lose such a lock by itself. */
const SHORT_LOCK_MS = 300;
const START_MS = Date.now() - 60_000;

interface Service {
  connection: QueueConnection;
  drop(): Promise<void>;
}

async function openRedis(): Promise<Service> {
  const redis = await createTestRedis();
  return { connection: { redisUrl: redis.url }, drop: () => redis.drop() };
}

async function openPostgres(): Promise<Service> {
  const database = await createTestDatabase();
  return { connection: { postgresUrl: database.url }, drop: () => database.drop() };
}

const backends: [string, () => Promise<Service>][] = [['Postgres', openPostgres]];
if (hasTestRedis()) backends.unshift(['Redis', openRedis]);

describe.each(backends)('the queue on %s', (_name, openService) => {
  let service: Service;
  let connection: QueueConnection;
  let prefix: string;
  let queue: JobQueue;

  beforeAll(async () => {
    service = await openService();
    connection = service.connection;
  });
  afterAll(() => service.drop());
  beforeEach(() => {
    prefix = `t${Math.random().toString(36).slice(2)}`;
    queue = createQueue(connection, { prefix });
  });
  afterEach(() => queue.close());

  const entry = (
    jobId: string,
    more: { poolId?: string; attempt?: number; priority?: number; afterMs?: number; notBefore?: Date } = {},
  ) => ({
    poolId: more.poolId ?? 'cpu',
    jobId,
    attempt: more.attempt ?? 1,
    priority: more.priority ?? 50,
    notBefore: more.notBefore ?? null,
    now: new Date(START_MS + (more.afterMs ?? 0)),
  });
  const fill = async (...jobIds: string[]) => {
    for (const [index, jobId] of jobIds.entries()) await queue.enqueue(entry(jobId, { afterMs: index }));
  };
  const order = async () => (await queue.list('cpu', { offset: 0, limit: 100 })).map(({ jobId }) => jobId);
  const mustTake = async (from: JobQueue = queue): Promise<TakenEntry> => {
    const taken = await from.takeNext('cpu');
    if (!taken) throw new Error('The queue is empty.');
    return taken;
  };
  const drain = async (): Promise<string[]> => {
    const order: string[] = [];
    for (let taken = await queue.takeNext('cpu'); taken; taken = await queue.takeNext('cpu')) {
      order.push(taken.jobId);
      await taken.complete();
    }
    return order;
  };

  test('entries of one priority are handed out in the order of their arrival', async () => {
    await fill('c', 'a', 'b');
    expect(await drain()).toEqual(['c', 'a', 'b']);
  });

  test('a smaller priority goes first, 0 before all others', async () => {
    await queue.enqueue(entry('usual'));
    await queue.enqueue(entry('last', { priority: 100 }));
    await queue.enqueue(entry('urgent', { priority: 0 }));
    await queue.enqueue(entry('soon', { priority: 1 }));
    await queue.enqueue(entry('also-urgent', { priority: 0 }));
    expect(await drain()).toEqual(['urgent', 'also-urgent', 'soon', 'usual', 'last']);
  });

  test('pools do not see each other', async () => {
    await queue.enqueue(entry('a', { poolId: 'gpu' }));
    expect(await queue.takeNext('cpu')).toBeNull();
    expect(await queue.takeNext('gpu')).toMatchObject({ jobId: 'a', attempt: 1 });
  });

  test('an entry with notBefore is handed out at that instant, not earlier', async () => {
    const now = new Date();
    const notBefore = new Date(now.getTime() + 400);
    await queue.enqueue({ ...entry('later'), notBefore, now });
    expect(await queue.takeNext('cpu')).toBeNull();
    expect(await queue.peek('cpu', now)).toBeNull();
    expect(await queue.counts('cpu')).toEqual({ waiting: 0, delayed: 1, active: 0 });
    await sleep(450);
    expect(await queue.takeNext('cpu')).toMatchObject({ jobId: 'later' });
  });

  test('peek sees what became due, by priority, and leaves it waiting', async () => {
    await fill('usual');
    const notBefore = new Date(Date.now() + 5_000);
    await queue.enqueue({ ...entry('urgent', { priority: 1 }), notBefore, now: new Date() });
    expect(await queue.peek('cpu', new Date())).toEqual({ jobId: 'usual', attempt: 1 });
    expect(await queue.peek('cpu', notBefore)).toEqual({ jobId: 'urgent', attempt: 1 });
    expect(await queue.counts('cpu')).toEqual({ waiting: 2, delayed: 0, active: 0 });
  });

  test('enqueueing the same attempt twice leaves one entry, also while it is in hand', async () => {
    await Promise.all([queue.enqueue(entry('a')), queue.enqueue(entry('a'))]);
    const taken = await mustTake();
    await queue.enqueue(entry('a'));
    await taken.complete();
    expect(await queue.takeNext('cpu')).toBeNull();
    expect(await queue.counts('cpu')).toEqual({ waiting: 0, delayed: 0, active: 0 });
  });

  test('a completed attempt leaves no trace, and the next attempt of the job may wait', async () => {
    await fill('a');
    await (await mustTake()).complete();
    expect(await queue.has({ poolId: 'cpu', jobId: 'a', attempt: 1 })).toBe(false);
    await queue.enqueue(entry('a', { attempt: 2 }));
    await queue.enqueue(entry('a', { attempt: 1 }));
    expect(await drain()).toEqual(['a', 'a']);
  });

  test('fifty takers at once get every entry exactly once', async () => {
    const jobIds = Array.from({ length: 120 }, (_, index) => `job-${index}`);
    await Promise.all(jobIds.map((jobId) => queue.enqueue(entry(jobId))));
    const other = createQueue(connection, { prefix });
    const taken: string[] = [];
    const taker = async (from: JobQueue) => {
      for (let next = await from.takeNext('cpu'); next; next = await from.takeNext('cpu')) {
        taken.push(next.jobId);
        await next.complete();
      }
    };
    await Promise.all(Array.from({ length: 50 }, (_, index) => taker(index % 2 ? queue : other)));
    await other.close();
    expect(taken.sort()).toEqual(jobIds.sort());
  });

  test('many are taken in one go in the order in which they wait, and what is put back keeps its place', async () => {
    await fill('a', 'b', 'c');
    const taken = await queue.takeUpTo('cpu', 2);
    expect(taken.map(({ jobId }) => jobId)).toEqual(['a', 'b']);
    for (const entry of taken.slice(1)) await entry.putBack();
    await taken[0]?.complete();
    expect((await queue.takeUpTo('cpu', 5)).map(({ jobId }) => jobId)).toEqual(['b', 'c']);
    expect(await queue.takeUpTo('cpu', 5)).toEqual([]);
  });

  test('an entry put back is the next of its priority again', async () => {
    await fill('a', 'b');
    await (await mustTake()).putBack();
    await queue.enqueue(entry('urgent', { priority: 10, afterMs: 9 }));
    expect(await drain()).toEqual(['urgent', 'a', 'b']);
  });

  test('entries put back together keep their order, whoever was first to put back', async () => {
    await fill('z', 'm', 'a', 'last');
    const [first, second, third] = [await mustTake(), await mustTake(), await mustTake()];
    await second.putBack();
    await first.putBack();
    await third.putBack();
    expect(await queue.list('cpu', { offset: 0, limit: 9 })).toEqual(['z', 'm', 'a', 'last'].map((jobId) => ({ jobId, attempt: 1 })));
    expect(await drain()).toEqual(['z', 'm', 'a', 'last']);
  });

  test('restored entries stand before those enqueued meanwhile, in the order in which they first waited', async () => {
    await queue.enqueue(entry('new', { afterMs: 50 }));
    for (const [jobId, afterMs] of [
      ['third', 3],
      ['first', 1],
      ['second', 2],
    ] as const)
      await queue.restore(entry(jobId, { afterMs }));
    await queue.restore(entry('urgent', { priority: 10, afterMs: 9 }));
    await queue.restore(entry('first', { afterMs: 20 }));
    expect(await drain()).toEqual(['urgent', 'first', 'second', 'third', 'new']);
  });

  test('a restored entry that is not due yet is delayed until then', async () => {
    await queue.restore({ ...entry('later'), notBefore: new Date(Date.now() + 60_000) });
    expect(await queue.counts('cpu')).toEqual({ waiting: 0, delayed: 1, active: 0 });
  });

  test('an entry that gets another priority stands behind those that have it, once, however often it is moved', async () => {
    await fill('a', 'b', 'c');
    await queue.enqueue(entry('urgent', { priority: 10, afterMs: 5 }));
    const moved = entry('b', { priority: 10, afterMs: 9 });
    expect([await queue.reprioritise(moved), await queue.reprioritise(moved)]).toEqual([true, true]);
    expect(await order()).toEqual(['urgent', 'b', 'a', 'c']);
    expect(await queue.reprioritise(entry('lost', { priority: 0 }))).toBe(true);
    const taken = await mustTake();
    expect(taken.jobId).toBe('lost');
    expect(await queue.reprioritise(entry('lost', { priority: 90 }))).toBe(false);
    await taken.putBack();
    expect(await order()).toEqual(['lost', 'urgent', 'b', 'a', 'c']);
  });

  test('a moved entry that is not due yet waits for its instant', async () => {
    const notBefore = new Date(Date.now() + 60_000);
    const now = new Date();
    await queue.enqueue({ ...entry('later'), notBefore, now });
    await queue.reprioritise({ ...entry('later', { priority: 1 }), notBefore, now });
    expect(await queue.counts('cpu')).toEqual({ waiting: 0, delayed: 1, active: 0 });
  });

  test('a removed entry is not handed out; one in hand is left to its taker', async () => {
    await fill('a', 'b');
    const delayed = entry('later', { notBefore: new Date(Date.now() + 60_000) });
    await queue.enqueue({ ...delayed, now: new Date() });
    const taken = await mustTake();
    expect(await queue.remove({ poolId: 'cpu', jobId: 'a', attempt: 1 })).toBe(false);
    expect(await queue.remove({ poolId: 'cpu', jobId: 'b', attempt: 1 })).toBe(true);
    expect(await queue.remove({ poolId: 'cpu', jobId: 'b', attempt: 1 })).toBe(false);
    expect(await queue.remove(delayed)).toBe(true);
    await taken.complete();
    expect(await queue.counts('cpu')).toEqual({ waiting: 0, delayed: 0, active: 0 });
  });

  describe('with a lock that has run out', () => {
    let hasty: JobQueue;
    beforeEach(() => {
      hasty = createQueue(connection, { prefix, lockDurationMs: SHORT_LOCK_MS });
    });
    afterEach(() => hasty.close());
    const untilRecovered = () => expect.poll(() => hasty.recoverStalled('cpu'), { timeout: 10_000 }).toBe(1);

    test('the entry of a taker that died comes back to its place, and the dead taker can no longer touch it', async () => {
      await fill('a', 'b');
      const dying = createQueue(connection, { prefix, lockDurationMs: SHORT_LOCK_MS });
      const lost = await mustTake(dying);
      await dying.close();
      await expect(lost.complete()).rejects.toMatchObject({ code: 'unavailable' });
      await untilRecovered();
      expect(await drain()).toEqual(['a', 'b']);
    });

    test('an empty queue hands out a lost entry without any explicit recovery', async () => {
      await fill('a');
      await mustTake(hasty);
      await expect.poll(() => hasty.takeNext('cpu'), { timeout: 10_000 }).toMatchObject({ jobId: 'a' });
    });

    test('peek finds a lost entry as well', async () => {
      await fill('a');
      await mustTake(hasty);
      await expect.poll(() => hasty.peek('cpu', new Date()), { timeout: 10_000 }).toEqual({ jobId: 'a', attempt: 1 });
    });

    test('a taker that comes too late neither fails nor takes the entry from its new holder', async () => {
      await fill('a');
      const slow = await mustTake(hasty);
      await untilRecovered();
      const holder = await mustTake();
      await slow.putBack();
      await slow.complete();
      expect(await queue.has({ poolId: 'cpu', jobId: 'a', attempt: 1 })).toBe(true);
      await holder.complete();
      expect(await queue.has({ poolId: 'cpu', jobId: 'a', attempt: 1 })).toBe(false);
    });

    test('a launch recorded late still ends the entry', async () => {
      await fill('a');
      const slow = await mustTake(hasty);
      await untilRecovered();
      await slow.complete();
      expect(await queue.counts('cpu')).toEqual({ waiting: 0, delayed: 0, active: 0 });
    });
  });

  test('lists are paged in the order of launch, and each state has its own', async () => {
    await fill('a', 'b', 'c', 'd', 'e');
    await queue.enqueue({ ...entry('later'), notBefore: new Date(Date.now() + 60_000), now: new Date() });
    const taken = await mustTake();
    const ids = async (options: Parameters<JobQueue['list']>[1]) => (await queue.list('cpu', options)).map(({ jobId }) => jobId);
    expect(await ids({ offset: 0, limit: 3 })).toEqual(['b', 'c', 'd']);
    expect(await ids({ offset: 3, limit: 3 })).toEqual(['e']);
    expect(await ids({ offset: 9, limit: 3 })).toEqual([]);
    expect(await ids({ offset: 0, limit: 9, state: 'delayed' })).toEqual(['later']);
    expect(await ids({ offset: 0, limit: 9, state: 'active' })).toEqual(['a']);
    expect(await queue.counts('cpu')).toEqual({ waiting: 4, delayed: 1, active: 1 });
    await taken.complete();
  });

  test('a hundred pools share the connections', async () => {
    const pools = Array.from({ length: 100 }, (_, index) => `pool-${index}`);
    await Promise.all(pools.map((poolId) => queue.enqueue(entry('a', { poolId }))));
    const taken = await Promise.all(pools.map((poolId) => queue.takeNext(poolId)));
    expect(taken.every((next) => next?.jobId === 'a')).toBe(true);
  });

  test('what was enqueued before a restart of the process is there after it', async () => {
    await fill('a', 'b');
    await queue.close();
    queue = createQueue(connection, { prefix });
    expect(await drain()).toEqual(['a', 'b']);
  });
});
