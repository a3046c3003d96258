import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@capstan/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change } from './change.ts';
import { openDatabase } from './open-database.ts';
import { numbered, openTestWorld, type TestWorld } from './testing/test-world.ts';

const realClock: Clock = {
  now: () => new Date(),
  sleep: (ms, { signal } = {}) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
};
let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld();
});
afterAll(() => world.close());

/** Reads changes in the background; `until` resolves when one like `expected` has come, whatever came before. */
function follow(controller: AbortController) {
  const db = openDatabase({ url: world.url, clock: realClock });
  const seen: Change[] = [];
  const ended = (async () => {
    for await (const change of db.changes(controller.signal)) seen.push(change);
  })();
  const until = (expected: Partial<Change>) =>
    expect.poll(() => seen, { timeout: 10_000 }).toContainEqual(expect.objectContaining(expected));
  return { seen, until, ended, close: () => db.close() };
}

describe('changes', () => {
  it('begins with a resync, says what others write, and ends quietly', async () => {
    const controller = new AbortController();
    const reader = follow(controller);
    await reader.until({ kind: 'resync' });
    const { job, identity } = await world.launch(await world.submit());
    await world.db.reports.append({ identity, reports: numbered(1, { type: 'phase', phase: 'loading' }) });
    const pool = await world.db.pools.get(world.poolId);
    await world.db.pools.update(world.poolId, { maxWorkers: 500 }, pool?.version ?? 0);
    world.db.announce({ kind: 'queued', poolId: 'elsewhere' });
    await reader.until({ kind: 'queued', poolId: world.poolId });
    await reader.until({ kind: 'job', jobId: job.id, poolId: world.poolId, status: 'starting' });
    await reader.until({ kind: 'report', jobId: job.id });
    await reader.until({ kind: 'pool', poolId: world.poolId });
    await reader.until({ kind: 'queued', poolId: 'elsewhere' });
    controller.abort();
    await reader.ended;
    await reader.close();
  });

  it('connects again after its connection was killed, and says so', async () => {
    const controller = new AbortController();
    const reader = follow(controller);
    await reader.until({ kind: 'resync' });
    reader.seen.length = 0;
    const admin = new pg.Client({ connectionString: world.url });
    await admin.connect();
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'capstan-changes' AND datname = current_database()`,
    );
    await admin.end();
    await reader.until({ kind: 'resync' });
    await world.submit();
    await reader.until({ kind: 'queued', poolId: world.poolId });
    controller.abort();
    await reader.ended;
    await reader.close();
  });
});

describe('a database whose server is away', () => {
  it('answers with UnavailableError, through Prisma and through raw statements', async () => {
    const away = openDatabase({ url: 'postgresql://capstan@127.0.0.1:9/none', clock: realClock });
    await expect(away.ping()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(away.jobs.get('ftjob-none')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(away.pools.list()).rejects.toMatchObject({ code: 'unavailable' });
    await away.close();
  });

  it('goes on after every connection was killed', async () => {
    const admin = new pg.Client({ connectionString: world.url });
    await admin.connect();
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'capstan' AND datname = current_database()`,
    );
    await admin.end();
    await expect
      .poll(
        () =>
          world.db.ping().then(
            () => 'up',
            () => 'down',
          ),
        { timeout: 5_000 },
      )
      .toBe('up');
    expect((await world.submit()).status).toBe('queued');
  });
});
