import type { FineTuningJob } from '@capstan/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestWorld, type TestWorld } from './testing/test-world.ts';

const HOUR_MS = 3_600_000;
let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld();
});
afterAll(() => world.close());

const later = (hours: number) => world.clock.advance(hours * HOUR_MS);
const start = async (job: FineTuningJob) => {
  await world.launch(job);
  await world.db.jobs.applyEvent(job.id, { type: 'workersReady' });
};

describe('the queue of a project over time', () => {
  it('counts at the end of each hour who waits for a first start, whoever came and went before', async () => {
    const since = new Date(world.clock.now().getTime() + 2 * HOUR_MS);
    const [old, early, never] = [await world.submit(), await world.submit(), await world.submit()];
    await later(1);
    // Starts, and waits again after a pause: not for its first start.
    await start(old);
    await later(2);
    await start(early);
    await world.db.jobs.applyEvent(early.id, { type: 'pauseRequested' });
    await world.db.jobs.applyEvent(early.id, { type: 'paused' });
    await world.db.jobs.applyEvent(early.id, { type: 'resumeRequested' });
    await later(1);
    await world.submit();
    await world.submit();
    await later(2);
    await world.db.jobs.applyEvent(never.id, { type: 'cancelRequested' });
    const { queue } = await world.db.overview.read(world.projectId, since);
    const at = (hours: number) => new Date(since.getTime() + hours * HOUR_MS);
    expect(queue).toEqual([
      { hour: at(0), queued: 2 },
      { hour: at(1), queued: 1 },
      { hour: at(2), queued: 3 },
      { hour: at(4), queued: 2 },
    ]);
  });
});
