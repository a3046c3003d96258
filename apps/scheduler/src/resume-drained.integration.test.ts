import { afterEach, describe, expect, it } from 'vitest';
import { makeWorld, type World } from './testing/make-world.ts';

describe('a job of a pool that was drained', { timeout: 90_000 }, () => {
  let world: World;
  afterEach(() => world.close());

  async function cordon(paused: boolean): Promise<void> {
    const pool = await world.db.pools.get('local');
    await world.db.pools.update('local', { paused }, pool?.version ?? 0);
  }

  it('goes on when the pool does, from its checkpoint, however often it is looked at; one that a person paused does not', async () => {
    world = await makeWorld({ maxWorkers: 2 });
    await world.startScheduler();
    await world.startScheduler();
    const [drained, paused] = [await world.submit({ script: 'endless' }), await world.submit({ script: 'endless' })];
    for (const jobId of [drained, paused]) await world.until(jobId, 'running');
    await cordon(true);
    await world.db.jobs.applyEvent(drained, { type: 'pauseRequested', cause: 'drain' });
    await world.db.jobs.applyEvent(paused, { type: 'pauseRequested' });
    for (const jobId of [drained, paused]) await world.until(jobId, 'paused');
    expect(await world.db.jobs.listDrained(9)).toEqual([]);
    await cordon(false);
    expect(await world.until(drained, 'running')).toMatchObject({ attempt: 2, failures: 0, isDrained: false });
    expect(await world.db.jobs.get(paused)).toMatchObject({ status: 'paused', attempt: 1 });
    expect(world.launches.filter((name) => name.startsWith(drained))).toEqual([`${drained}-a1`, `${drained}-a2`]);
  });

  it('goes on too where the pool was uncordoned before its checkpoint was saved, but not where somebody has asked for a pause since', async () => {
    world = await makeWorld({ maxWorkers: 2 });
    const scheduler = await world.startScheduler();
    const [late, kept] = [await world.submit({ script: 'endless' }), await world.submit({ script: 'endless' })];
    for (const jobId of [late, kept]) await world.until(jobId, 'running');
    // Nobody tells the ranks to stop before the next scheduler.
    await scheduler.close();
    await cordon(true);
    for (const jobId of [late, kept]) await world.db.jobs.applyEvent(jobId, { type: 'pauseRequested', cause: 'drain' });
    await world.db.jobs.keepPaused(kept);
    await cordon(false);
    await world.startScheduler();
    await world.until(kept, 'paused');
    expect(await world.until(late, ({ status, attempt }) => status === 'running' && attempt === 2)).toMatchObject({ isDrained: false });
    expect(await world.db.jobs.get(kept)).toMatchObject({ status: 'paused', attempt: 1 });
  });
});
