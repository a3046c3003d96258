import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestWorld, type TestWorld } from '../testing/test-world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld();
});
afterAll(() => world.close());

async function idsOfAllPages(projectId: string, limit: number): Promise<string[]> {
  const ids: string[] = [];
  for (let hasMore = true; hasMore; ) {
    const page = await world.db.jobs.list({ projectId, limit, after: ids.at(-1) });
    ids.push(...page.jobs.map(({ id }) => id));
    hasMore = page.hasMore;
  }
  return ids;
}

describe('list', () => {
  it('gives every job once over pages, newest first, even where all were created at one instant', async () => {
    const { id: projectId } = await world.db.projects.ensure('same instant');
    const jobs = await Promise.all(Array.from({ length: 7 }, () => world.submit({ projectId })));
    await world.clock.advance(1);
    const newest = await world.submit({ projectId });
    const sorted = jobs
      .map(({ id }) => id)
      .sort()
      .reverse();
    expect(await idsOfAllPages(projectId, 3)).toEqual([newest.id, ...sorted]);
    expect(await idsOfAllPages(projectId, 8)).toHaveLength(8);
  });

  it('shows a project its own jobs only', async () => {
    const { id: mine } = await world.db.projects.ensure('mine');
    const { id: theirs } = await world.db.projects.ensure('theirs');
    const job = await world.submit({ projectId: theirs });
    expect((await world.db.jobs.list({ projectId: mine, limit: 10 })).jobs).toEqual([]);
    expect(await world.db.jobs.get(job.id, mine)).toBeNull();
    expect((await world.db.jobs.get(job.id, theirs))?.id).toBe(job.id);
  });

  it('filters by status, pool and metadata', async () => {
    const { id: projectId } = await world.db.projects.ensure('filters');
    const poolId = await world.addPool(1);
    const tagged = await world.submit({ projectId, metadata: { team: 'a', run: '1' } });
    const plain = await world.submit({ projectId, poolId });
    await world.db.jobs.applyEvent(plain.id, { type: 'cancelRequested' });
    const ids = async (filter: object) => (await world.db.jobs.list({ projectId, limit: 10, ...filter })).jobs.map(({ id }) => id);
    expect(await ids({ states: ['cancelled', 'failed'] })).toEqual([plain.id]);
    expect(await ids({ poolId: world.poolId })).toEqual([tagged.id]);
    expect(await ids({ metadata: { team: 'a' } })).toEqual([tagged.id]);
    expect(await ids({ metadata: { team: 'b' } })).toEqual([]);
    expect(await ids({ metadata: null })).toEqual([plain.id]);
    expect(await ids({ after: 'ftjob-unknown' })).toEqual([]);
  });
});

describe('the queue order', () => {
  it('is priority, then arrival, and every position follows from it', async () => {
    const poolId = await world.addPool(1);
    const late = await world.submit({ poolId, priority: 90 });
    const first = await world.submit({ poolId });
    await world.clock.advance(5);
    const second = await world.submit({ poolId });
    const urgent = await world.submit({ poolId, priority: 1 });
    const expected = [urgent, first, second, late].map(({ id }) => id);
    const queued = await world.db.jobs.listQueued({ poolId, limit: 2 });
    const rest = await world.db.jobs.listQueued({ poolId, limit: 2, after: queued[1] });
    expect([...queued, ...rest].map(({ id }) => id)).toEqual(expected);
    const positions = await Promise.all(expected.map((id) => world.db.jobs.position(id)));
    expect(positions).toEqual([0, 1, 2, 3].map((ahead) => ({ position: ahead + 1, ahead })));
    await world.launch(urgent);
    expect(await world.db.jobs.position(urgent.id)).toBeNull();
    expect(await world.db.jobs.position(first.id)).toEqual({ position: 1, ahead: 0 });
  });
});

describe('listReconcilable', () => {
  it('pages through jobs whose ranks may exist, by id', async () => {
    const launched = await Promise.all([1, 2, 3].map(async () => (await world.launch(await world.submit())).job.id));
    const seen: string[] = [];
    for (let page = await world.db.jobs.listReconcilable({ limit: 2 }); page.length > 0; ) {
      seen.push(...page.map(({ id }) => id));
      page = await world.db.jobs.listReconcilable({ limit: 2, after: seen.at(-1) ?? '' });
    }
    expect(seen).toEqual([...seen].sort());
    expect(seen).toEqual(expect.arrayContaining(launched));
    const counts = await world.db.jobs.countByStatus();
    expect(counts.filter(({ status }) => status === 'starting').reduce((sum, { jobs }) => sum + jobs, 0)).toBe(seen.length);
  });
});
