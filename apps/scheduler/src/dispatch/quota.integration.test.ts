import { hasTestRedis } from '@capstan/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeWorld, type World } from '../testing/make-world.ts';

const FLAVOURS = hasTestRedis() ? (['redis', 'postgres'] as const) : (['postgres'] as const);

describe.each(FLAVOURS)('a project at its limit, with two schedulers at a queue on %s', { timeout: 120_000 }, (queueOn) => {
  let world: World;
  afterEach(() => world.close());

  /** Another project, with a dataset of its own. */
  async function addProject(): Promise<string> {
    const { id: projectId } = await world.db.projects.ensure('other');
    const { sha256, bytes } = (await world.db.files.get(world.projectId, 'file-train')) ?? expect.fail('there is no dataset');
    await world.db.files.create({
      id: 'file-other',
      projectId,
      filename: 'a.jsonl',
      purpose: 'fine-tune',
      status: 'processed',
      sha256,
      bytes,
    });
    return projectId;
  }

  it('never holds more than it may while others pass it, and all of its jobs run in the end, the first one first', async () => {
    world = await makeWorld({ queueOn, maxWorkers: 4 });
    await world.db.projects.update(world.projectId, { maxConcurrentGpus: 1 });
    const other = await addProject();
    const limited: string[] = [];
    for (let job = 0; job < 4; job += 1) limited.push(await world.submit({ script: 'steps 20' }));
    const passing: string[] = [];
    for (let job = 0; job < 3; job += 1) passing.push(await world.submit({ script: 'endless', projectId: other, file: 'file-other' }));
    await Promise.all([world.startScheduler(), world.startScheduler()]);
    for (const id of passing) await world.until(id, 'running');
    expect(await world.db.jobs.get(limited[3] as string)).toMatchObject({
      status: 'queued',
      holdMessage: expect.stringContaining('1 of the 1 GPUs'),
    });

    let most = 0;
    let ended = 0;
    while (ended < limited.length) {
      most = Math.max(most, (await world.db.projects.use(world.projectId)).heldGpus);
      const { jobs } = await world.db.jobs.list({ projectId: world.projectId, states: ['succeeded', 'failed'], limit: 10 });
      ended = jobs.length;
    }
    expect(most).toBe(1);
    const jobs = await Promise.all(limited.map((id) => world.db.jobs.get(id)));
    expect(jobs.map((job) => [job?.status, job?.attempt])).toEqual(limited.map(() => ['succeeded', 1]));
    const starts = jobs.map((job) => job?.startedAt?.getTime() ?? 0);
    // Neighbours may be let go by one scheduler each, and then start in either order.
    expect(starts[0]).toBe(Math.min(...starts));
  });

  it('goes on as soon as it may hold more', async () => {
    world = await makeWorld({ queueOn, maxWorkers: 2 });
    await world.db.projects.update(world.projectId, { maxConcurrentGpus: 0 });
    await world.startScheduler();
    const id = await world.submit({ script: 'steps 1' });
    await world.until(id, ({ holdMessage }) => holdMessage !== null);
    // The row says so a moment before the entry is gone.
    await vi.waitFor(async () => expect(await world.queue.counts('local')).toEqual({ waiting: 0, delayed: 0, active: 0 }));
    await world.db.projects.update(world.projectId, { maxConcurrentGpus: null });
    await world.until(id, 'succeeded');
  });
});
