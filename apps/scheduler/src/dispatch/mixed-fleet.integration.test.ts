import type { Launcher } from '@capstan/launcher';
import { systemClock } from '@capstan/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { countOf } from '../testing/count-of.ts';
import { makeWorld, QUICK_SETTINGS, type World } from '../testing/make-world.ts';
import { RANKLESS_LAUNCHER } from '../testing/rankless-launcher.ts';

/** Patience enough for a scheduler to do what it should not. */
const SEVERAL_ROUNDS_MS = 1_500;
const SETTINGS = { limits: { ...QUICK_SETTINGS.limits, launchGraceMs: 500 } };

describe('a scheduler without the launcher of a pool', { timeout: 60_000 }, () => {
  let world: World;
  afterEach(() => world.close());

  /** A cluster without a rank, which takes nothing that belongs elsewhere. */
  const cluster: Launcher = { ...RANKLESS_LAUNCHER, launch: ({ name }) => Promise.reject(new Error(`${name} does not belong here`)) };
  const startBlind = () => world.startScheduler({ launcherKinds: ['kubernetes'], launcher: cluster, settings: SETTINGS });

  it('leaves its jobs in the queue, and launches that were begun, to those that have it', async () => {
    world = await makeWorld();
    const begun = await world.submit({ script: 'steps 3', maxAttempts: 1, isEnqueued: false });
    await world.db.jobs.launch({ jobId: begun, expectedAttempt: 1, poolId: 'local' });
    const queued = await world.submit({ script: 'steps 3', maxAttempts: 1 });
    const blind = await startBlind();
    await systemClock.sleep(SEVERAL_ROUNDS_MS);
    expect((await world.db.jobs.get(begun))?.status).toBe('starting');
    expect((await world.db.jobs.get(queued))?.status).toBe('queued');
    await world.startScheduler({ settings: SETTINGS });
    for (const jobId of [begun, queued]) expect(await world.until(jobId, 'succeeded')).toMatchObject({ attempt: 1, failures: 0 });
    expect(await countOf(blind.metrics.launches, { outcome: 'refused' })).toBe(0);
  });

  it('does not take ranks that it cannot see for gone', async () => {
    world = await makeWorld();
    await startBlind();
    await world.startScheduler({ settings: SETTINGS });
    const jobId = await world.submit({ script: 'endless' });
    await world.until(jobId, ({ progress }) => (progress?.step ?? 0) > 5);
    await systemClock.sleep(SEVERAL_ROUNDS_MS);
    await world.db.jobs.applyEvent(jobId, { type: 'pauseRequested' });
    const paused = await world.until(jobId, 'paused');
    expect(paused).toMatchObject({ attempt: 1, failures: 0 });
    // The rank had time for its checkpoint, and said itself that it stopped.
    const [newest] = await world.db.checkpoints.listForResume(jobId);
    expect(newest?.step).toBe(paused.progress?.step);
  });
});
