import { randomBytes } from 'node:crypto';
import { makeId } from '@capstan/db';
import { hasTestRedis, makeEstimate, makeJobSpec } from '@capstan/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeWorld, type World } from '../testing/make-world.ts';

/** On Postgres the queue cannot be lost without the rows: it is in the same database. */
describe.runIf(hasTestRedis())('a queue whose Redis was emptied under load', { timeout: 120_000 }, () => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld({ queueOn: 'redis', maxWorkers: 1 });
  });
  afterEach(() => world.close());

  const PRIORITIES = [50, 10, 50, 90, 0, 50];

  async function create(count: number): Promise<void> {
    const estimate = makeEstimate();
    const spec = makeJobSpec({ model: 'base', trainingFile: 'file-train', suffix: 'steps 1' });
    for (let number = 0; number < count; number += 1) {
      const id = makeId('ftjob', randomBytes);
      const priority = PRIORITIES[number % PRIORITIES.length] ?? 50;
      await world.db.jobs.create({
        id,
        projectId: world.projectId,
        poolId: 'local',
        spec,
        priority,
        maxAttempts: 2,
        metadata: null,
        estimate,
      });
    }
  }

  const inLine = async () => (await world.queue.list('local', { offset: 0, limit: 500 })).map(({ jobId }) => jobId);

  it('is filled again from Postgres with 200 jobs of mixed priorities in their old order, before those that came since', async () => {
    await world.startScheduler();
    const running = await world.submit({ script: 'endless' });
    await world.until(running, 'running');
    await create(200);
    for (const { id } of await world.db.jobs.listQueued({ limit: 500 })) await world.enqueue(id);
    const before = await inLine();
    expect(before).toHaveLength(200);

    await world.emptyRedis();
    const late = await world.submit({ script: 'steps 1', priority: 10 });
    await expect.poll(async () => (await inLine()).length, { timeout: 60_000 }).toBe(201);
    const priorityOf = new Map((await world.db.jobs.listQueued({ limit: 500 })).map(({ id, priority }) => [id, priority]));
    const after = before.filter((id) => (priorityOf.get(id) ?? 0) <= 10);
    await expect.poll(inLine, { timeout: 30_000 }).toEqual([...after, late, ...before.slice(after.length)]);
    expect(await world.db.jobs.get(running)).toMatchObject({ status: 'running', attempt: 1 });

    await world.db.jobs.applyEvent(running, { type: 'cancelRequested' });
    await expect.poll(() => world.launches.length, { timeout: 60_000 }).toBeGreaterThan(4);
    const order = world.launches.slice(1).map((name) => name.replace(/-a1$/, ''));
    expect(order).toEqual(before.slice(0, order.length));
  });
});
