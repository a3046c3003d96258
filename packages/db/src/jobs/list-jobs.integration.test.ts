import { JOB_SORTS } from '@capstan/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestWorld, type TestWorld } from '../testing/test-world.ts';
import { listStatement } from './list-jobs.ts';

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

  it('filters by owner', async () => {
    const { id: projectId } = await world.db.projects.ensure('owners');
    const own = await world.submit({ projectId, owner: 'ada' });
    await world.submit({ projectId, owner: 'bob' });
    await world.submit({ projectId });
    expect((await world.db.jobs.list({ projectId, owner: 'ada', limit: 10 })).jobs).toMatchObject([{ id: own.id, owner: 'ada' }]);
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

describe('the orders of a list', () => {
  /** The ids over pages of two, so that every cursor is used. */
  async function pagesOf(projectId: string, sort: 'created' | 'oldest' | 'priority' | 'wait' | 'duration'): Promise<string[]> {
    const ids: string[] = [];
    for (let hasMore = true; hasMore; ) {
      const page = await world.db.jobs.list({ projectId, sort, limit: 2, after: ids.at(-1) });
      ids.push(...page.jobs.map(({ id }) => id));
      hasMore = page.hasMore;
    }
    return ids;
  }

  it('are by creation, priority, wait and duration, each the same over all its pages', async () => {
    const { id: projectId } = await world.db.projects.ensure('orders');
    const run = async (waitMs: number, runMs: number, priority: number) => {
      const job = await world.submit({ projectId, priority });
      await world.clock.advance(waitMs);
      const { identity } = await world.launch(job);
      await world.db.jobs.applyEvent(identity.jobId, { type: 'workersReady' });
      await world.clock.advance(runMs);
      await world.db.jobs.applyEvent(job.id, { type: 'workersSucceeded', fineTunedModel: `ft:${job.id}`, trainedTokens: 1 });
      return job.id;
    };
    const patient = await run(9_000, 1_000, 50);
    const long = await run(1_000, 9_000, 10);
    const middle = await run(4_000, 4_000, 30);
    const waiting = (await world.submit({ projectId, priority: 70 })).id;
    await world.clock.advance(1_000);
    const waitingLess = (await world.submit({ projectId, priority: 70 })).id;
    expect(await pagesOf(projectId, 'created')).toEqual([waitingLess, waiting, middle, long, patient]);
    expect(await pagesOf(projectId, 'oldest')).toEqual([patient, long, middle, waiting, waitingLess]);
    expect(await pagesOf(projectId, 'priority')).toEqual([long, middle, patient, waiting, waitingLess]);
    expect(await pagesOf(projectId, 'wait')).toEqual([waiting, waitingLess, patient, middle, long]);
    expect(await pagesOf(projectId, 'duration')).toEqual([long, middle, patient]);
  });

  it('are read from an index each, also behind a cursor', async () => {
    const client = new pg.Client({ connectionString: world.url });
    await client.connect();
    const { id: projectId } = await world.db.projects.ensure('orders');
    const { id: job } = (await world.db.jobs.list({ projectId, limit: 1 })).jobs[0] ?? expect.fail('there is no job');
    const plans: string[] = [];
    // On a handful of rows, sorting them would be cheaper.
    await client.query('SET enable_sort = off; SET enable_seqscan = off; SET enable_bitmapscan = off');
    for (const sort of JOB_SORTS) {
      const { text, values } = listStatement({ projectId, sort, after: job, limit: 10 });
      const { rows } = await client.query({ text: `EXPLAIN ${text}`, values });
      plans.push(rows.map((row) => String(row['QUERY PLAN'])).join('\n'));
    }
    await client.end();
    expect(plans.map((plan) => /Sort/.exec(plan))).toEqual(plans.map(() => null));
    expect(plans.map((plan) => [...plan.matchAll(/using (jobs_\w+)/g)].at(-1)?.[1])).toEqual([
      'jobs_project_id_created_at_id_idx',
      'jobs_project_id_created_at_id_idx',
      'jobs_project_id_priority_queued_at_id_idx',
      'jobs_wait_idx',
      'jobs_duration_idx',
    ]);
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

describe('another priority', () => {
  it('puts a job behind those that have it already, with an event, and once however often it is asked for', async () => {
    const poolId = await world.addPool(1);
    const urgent = await world.submit({ poolId, priority: 10 });
    const [first, second] = [await world.submit({ poolId }), await world.submit({ poolId })];
    await world.clock.advance(5);
    expect(await world.db.jobs.reprioritise(second.id, 10)).toMatchObject({ changed: true, job: { priority: 10, status: 'queued' } });
    expect(await world.db.jobs.reprioritise(second.id, 10)).toMatchObject({ changed: false, job: { priority: 10 } });
    const order = (await world.db.jobs.listQueued({ poolId, limit: 10 })).map(({ id }) => id);
    expect(order).toEqual([urgent.id, second.id, first.id]);
    expect(await world.db.events.listAfter(second.id, 0, 10)).toMatchObject([
      {},
      { message: 'The priority was changed from 50 to 10.', data: { priority: 10, state: 'queued' } },
    ]);
  });

  it('is for jobs that wait: a paused one keeps it for later, one that starts has no use for it', async () => {
    const paused = await world.submit();
    await world.db.jobs.applyEvent(paused.id, { type: 'pauseRequested' });
    expect(await world.db.jobs.reprioritise(paused.id, 5)).toMatchObject({
      changed: true,
      job: { status: 'paused', queuedAt: paused.queuedAt },
    });
    const launched = await world.launch(await world.submit());
    expect(await world.db.jobs.reprioritise(launched.job.id, 5)).toBeNull();
  });

  it('does not disturb a launch at the same moment', async () => {
    const job = await world.submit();
    const [launched] = await Promise.all([world.launch(job), world.db.jobs.reprioritise(job.id, 1)]);
    expect(launched.job.status).toBe('starting');
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
