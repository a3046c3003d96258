import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

describe('a request that its sender may repeat', () => {
  const now = () => world.clock.now().getTime();
  const repeatable = (bodyHash: string, isRetry: boolean, receivedMsAgo = 0) => ({
    ...{ bodyHash, isRetry, since: new Date(now() - 600_000), receivedAt: new Date(now() - receivedMsAgo) },
  });
  const create = (...[bodyHash, isRetry, receivedMsAgo]: Parameters<typeof repeatable>) =>
    world.db.jobs.create(world.newJob({ repeatable: repeatable(bodyHash, isRetry, receivedMsAgo) }));

  it('makes a job each time that it is meant, and its repetition gets the last one', async () => {
    const [first, second] = [await create('meant', false), await create('meant', false)];
    expect([first.created, second.created]).toEqual([true, true]);
    expect(await create('meant', true)).toMatchObject({ created: false, job: { id: second.job.id } });
  });

  it('makes one job together with its repetitions, whichever comes first', async () => {
    await world.clock.advance(1_000);
    for (let round = 0; round < 10; round += 1) {
      const hash = `race-${round}`;
      const outcomes = await Promise.all([create(hash, true), create(hash, false, 500), create(hash, true)]);
      expect(outcomes.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(outcomes.map(({ job }) => job.id)).size).toBe(1);
    }
  });

  it('that is meant again after a repetition made the job makes another', async () => {
    const { job } = await create('again', true);
    await world.clock.advance(1_000);
    expect(await create('again', false)).toMatchObject({ created: true });
    expect((await create('again', true)).job.id).not.toBe(job.id);
  });

  it('is no repetition of an old job, of another body, or of another project', async () => {
    await create('mine', false);
    expect((await create('other', true)).created).toBe(true);
    const stranger = await world.db.projects.ensure('repeating');
    const theirs = await world.db.jobs.create(world.newJob({ projectId: stranger.id, repeatable: repeatable('mine', true) }));
    expect(theirs.created).toBe(true);
    await world.clock.advance(600_001);
    expect((await create('mine', true)).created).toBe(true);
  });

  it('leaves no claim behind where its pool does not exist', async () => {
    const lost = world.newJob({ poolId: 'nowhere', repeatable: repeatable('lost', true) });
    await expect(world.db.jobs.create(lost)).rejects.toMatchObject({ code: 'invalid_request', param: 'capstan.pool' });
    expect((await create('lost', true)).created).toBe(true);
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
