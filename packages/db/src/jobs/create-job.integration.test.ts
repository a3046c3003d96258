import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeId } from '../make-id.ts';
import { openTestWorld, type TestWorld } from '../testing/test-world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld();
});
afterAll(() => world.close());

describe('create', () => {
  it('returns the job that a later read finds', async () => {
    const input = world.newJob({ metadata: { team: 'a' }, priority: 7 });
    const { job, created } = await world.db.jobs.create(input);
    expect(created).toBe(true);
    expect(await world.db.jobs.get(input.id)).toEqual(job);
    expect(job).toMatchObject({ status: 'queued', attempt: 0, version: 0, priority: 7, createdAt: world.clock.now() });
  });

  it('writes the first event with the row', async () => {
    const { id } = await world.submit();
    const { events } = await world.db.events.list(id, { limit: 10 });
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ level: 'info', type: 'message', data: { state: 'queued' } });
  });

  it('makes one job of twenty identical requests at once', async () => {
    const idempotency = { key: 'twenty', bodyHash: 'a' };
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => world.db.jobs.create(world.newJob({ idempotency }))));
    expect(outcomes.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(outcomes.map(({ job }) => job.id)).size).toBe(1);
    const [first] = outcomes;
    expect((await world.db.events.list(first?.job.id ?? '', { limit: 10 })).events).toHaveLength(1);
  });

  it('refuses a key that was used with another body, and gives each project its own keys', async () => {
    const key = 'shared';
    await world.submit({ idempotency: { key, bodyHash: 'a' } });
    await expect(world.submit({ idempotency: { key, bodyHash: 'b' } })).rejects.toMatchObject({ code: 'conflict' });
    const other = await world.db.projects.ensure('other');
    const { created } = await world.db.jobs.create(world.newJob({ projectId: other.id, idempotency: { key, bodyHash: 'b' } }));
    expect(created).toBe(true);
  });

  it('refuses a pool that does not exist, and keeps the key free', async () => {
    const idempotency = { key: 'early', bodyHash: 'a' };
    await expect(world.submit({ poolId: 'nowhere', idempotency })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(world.submit({ poolId: 'nowhere' })).rejects.toMatchObject({ code: 'invalid_request', param: 'capstan.pool' });
    expect((await world.db.jobs.create(world.newJob({ idempotency }))).created).toBe(true);
  });
});

describe('findRecentReplay', () => {
  it('finds the newest job of the same body, project and period only', async () => {
    const bodyHash = makeId('key', randomBytes);
    const since = world.clock.now();
    await world.submit({ bodyHash });
    await world.clock.advance(10);
    const second = await world.submit({ bodyHash });
    const { jobs } = world.db;
    expect((await jobs.findRecentReplay(world.projectId, bodyHash, since))?.id).toBe(second.id);
    expect(await jobs.findRecentReplay(world.projectId, bodyHash, new Date(world.clock.now().getTime() + 1))).toBeNull();
    expect(await jobs.findRecentReplay('proj-other', bodyHash, since)).toBeNull();
    expect(await jobs.findRecentReplay(world.projectId, 'another', since)).toBeNull();
  });
});

describe('many at once', () => {
  it('each gets its own row, first event and answer, whichever statement carried it', async () => {
    const inputs = Array.from({ length: 120 }, (_, index) => world.newJob({ metadata: { index: String(index) } }));
    const outcomes = await Promise.all(inputs.map((input) => world.db.jobs.create(input)));
    expect(outcomes.map(({ job }) => job.id)).toEqual(inputs.map(({ id }) => id));
    for (const { job, created } of outcomes) {
      expect(created).toBe(true);
      expect(await world.db.jobs.get(job.id)).toEqual(job);
    }
    const last = inputs.at(-1)?.id ?? '';
    expect((await world.db.events.list(last, { limit: 10 })).events).toHaveLength(1);
  });

  it('one that cannot be made takes none of the others with it', async () => {
    const good = Array.from({ length: 20 }, () => world.newJob());
    const twice = world.newJob();
    await world.db.jobs.create(twice);
    const bad = [world.newJob({ poolId: 'nowhere' }), twice];
    const settled = await Promise.allSettled([...good, ...bad].map((input) => world.db.jobs.create(input)));
    expect(settled.map(({ status }) => status)).toEqual([...good.map(() => 'fulfilled'), 'rejected', 'rejected']);
    for (const { id } of good) expect(await world.db.jobs.get(id)).not.toBeNull();
  });
});
