import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createTestDatabase, createTestRedis, hasTestRedis, type NetworkLine, openNetworkLine } from '@capstan/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createQueue, type QueueConnection } from './create-queue.ts';
import type { JobQueue } from './job-queue.ts';

const run = promisify(execFile);

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

describe.each(backends)('an outage of %s', (_name, openService) => {
  let service: Service;
  let line: NetworkLine;
  let queue: JobQueue;

  beforeAll(async () => {
    service = await openService();
  });
  afterAll(() => service.drop());
  beforeEach(async () => {
    const [url] = Object.values(service.connection) as [string];
    line = await openNetworkLine(url);
    const connection = ('redisUrl' in service.connection ? { redisUrl: line.url } : { postgresUrl: line.url }) satisfies QueueConnection;
    queue = createQueue(connection, { prefix: `t${Math.random().toString(36).slice(2)}` });
  });
  afterEach(async () => {
    await queue.close();
    line.cut();
  });

  const enqueue = (jobId: string) => queue.enqueue({ poolId: 'cpu', jobId, attempt: 1, priority: 50, now: new Date() });
  const expectOutage = async (work: Promise<unknown>, withinMs: number) => {
    const started = performance.now();
    await expect(work).rejects.toMatchObject({ name: 'UnavailableError', code: 'unavailable' });
    expect(performance.now() - started).toBeLessThan(withinMs);
  };

  test('every call says so within a second, and the queue works again by itself', async () => {
    await enqueue('a');
    line.cut();
    await expectOutage(enqueue('b'), 1_000);
    await expectOutage(queue.takeNext('cpu'), 1_000);
    await expectOutage(queue.ping(), 1_000);
    await line.mend();
    await expect
      .poll(
        () =>
          queue.ping().then(
            () => 'up',
            () => 'away',
          ),
        { timeout: 5_000 },
      )
      .toBe('up');
    await enqueue('b');
    expect(await queue.takeNext('cpu')).toMatchObject({ jobId: 'a' });
    expect(await queue.takeNext('cpu')).toMatchObject({ jobId: 'b' });
  });

  test('a store that is away at the start is waited for by nobody and used once it is there', async () => {
    line.cut();
    await expectOutage(enqueue('a'), 3_000);
    await line.mend();
    await expect
      .poll(
        () =>
          enqueue('a').then(
            () => 'added',
            () => 'away',
          ),
        { timeout: 5_000 },
      )
      .toBe('added');
    expect(await queue.takeNext('cpu')).toMatchObject({ jobId: 'a' });
  });

  test('calls under way when the line is cut are answered, and no call made earlier is forgotten', async () => {
    for (const jobId of ['a', 'b', 'c']) await enqueue(jobId);
    const underWay = Promise.allSettled([queue.takeNext('cpu'), queue.peek('cpu', new Date()), enqueue('d')]);
    line.cut();
    for (const outcome of await underWay) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'unavailable' });
    }
    await line.mend();
    const counted = () =>
      queue
        .counts('cpu')
        .then(({ waiting, active }) => waiting + active)
        .catch(() => 0);
    await expect.poll(counted, { timeout: 5_000 }).toBeGreaterThanOrEqual(3);
  });

  test('a closed queue refuses calls, and nothing of it keeps the process alive', async () => {
    const program = `
      import { createQueue } from ${JSON.stringify(new URL('./create-queue.ts', import.meta.url).href)};
      const queue = createQueue(${JSON.stringify(service.connection)}, { prefix: 'short' });
      await queue.enqueue({ poolId: 'cpu', jobId: 'a', attempt: 1, priority: 50, now: new Date() });
      await queue.takeNext('cpu');
      await queue.close();
      await queue.ping().catch((error) => console.log(error.code));`;
    const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { timeout: 15_000 });
    expect(stdout).toBe('unavailable\n');
  });
});

describe.runIf(hasTestRedis())('a Redis that accepts but does not answer', () => {
  test('is an outage after the bound of one command', async () => {
    const service = await openRedis();
    const line = await openNetworkLine(Object.values(service.connection)[0] as string);
    const queue = createQueue({ redisUrl: line.url });
    await queue.ping();
    line.freeze();
    await expect(queue.counts('cpu')).rejects.toMatchObject({ code: 'unavailable' });
    await line.mend();
    await expect
      .poll(
        () =>
          queue.ping().then(
            () => 'up',
            () => 'away',
          ),
        { timeout: 5_000 },
      )
      .toBe('up');
    await queue.close();
    line.cut();
    await service.drop();
  });
});
