import { isFinished, type Pool, poolSchema } from '@capstan/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeLauncher, makeLaunchSpec, waitFor } from './conformance.ts';
import { LAUNCH_LATER, type Launcher } from './launcher.ts';
import { openProcessHarness, type ProcessHarness } from './process/process-harness.ts';
import { routeLaunchers } from './route-launchers.ts';

const { signal } = new AbortController();

describeLauncher('a router over one launcher', async () => {
  const harness = await openProcessHarness();
  return { ...harness, createLauncher: () => routeLaunchers({ process: harness.createLauncher() }) };
});

describe('a router over two launchers', () => {
  /** Two places where processes run; the second stands where a cluster would. */
  let harnesses: ProcessHarness[];
  beforeEach(async () => {
    harnesses = await Promise.all([openProcessHarness(), openProcessHarness()]);
  });
  afterEach(async () => {
    await Promise.all(harnesses.map((harness) => harness.close()));
  });

  const pool = (launcher: Pool['launcher']): Pool => ({ ...poolSchema.parse({ id: launcher, launcher, maxWorkers: 1 }), version: 1 });
  const open = () => {
    const [here, there] = harnesses.map((harness) => harness.createLauncher());
    return { here, there, router: routeLaunchers({ ...(here && { process: here }), ...(there && { kubernetes: there }) }) };
  };

  it('launches where the pool says, lists and watches both, and finds a name wherever it is', async () => {
    const { here, there, router } = open();
    for (const [name, launcher] of Object.entries({ 'ftjob-succeed-1-a1': 'process', 'ftjob-fail-1-a1': 'kubernetes' } as const))
      await router.launch(makeLaunchSpec(launcher === 'process' ? 'succeed' : 'fail', { name, pool: pool(launcher) }), { signal });
    const ended = await waitFor(
      () => router.list({ signal }),
      (ranks) => ranks.every(({ phase }) => phase === 'succeeded' || phase === 'failed'),
    );
    expect(ended.map(({ name }) => name)).toEqual(['ftjob-succeed-1-a1', 'ftjob-fail-1-a1']);
    expect((await here?.list({ signal }))?.map(({ name }) => name)).toEqual(['ftjob-succeed-1-a1']);
    expect((await there?.list({ signal }))?.map(({ name }) => name)).toEqual(['ftjob-fail-1-a1']);

    const adopter = open().router;
    const watching = new AbortController();
    const seen: string[] = [];
    for await (const { name } of adopter.watch({ signal: watching.signal })) {
      seen.push(name);
      if (seen.length === 2) watching.abort();
    }
    expect(seen.sort()).toEqual(['ftjob-fail-1-a1', 'ftjob-succeed-1-a1']);
    expect(await adopter.readLog('ftjob-fail-1-a1', 0, { tailBytes: 100 })).toContain('about to fail');
    await adopter.remove('ftjob-fail-1-a1');
    await adopter.remove('ftjob-succeed-1-a1');
    expect(await router.list({ signal })).toEqual([]);
  });

  it('forgets where a name was that another has removed', async () => {
    const [router, other] = [open().router, open().router];
    const hasEnded = (launcher: Launcher) =>
      waitFor(
        () => launcher.list({ signal }),
        (ranks) => ranks.every(isFinished),
      );
    const name = 'ftjob-moved-1-a1';
    await router.launch(makeLaunchSpec('succeed', { name, pool: pool('process') }), { signal });
    await hasEnded(router);
    await other.remove(name);
    expect(await router.list({ signal })).toEqual([]);
    await other.launch(makeLaunchSpec('fail', { name, pool: pool('kubernetes') }), { signal });
    await hasEnded(other);
    expect(await router.readLog(name, 0, { tailBytes: 100 })).toContain('about to fail');
  });

  it('refuses a pool whose launcher is not set up, and says so', async () => {
    const [harness] = harnesses;
    const router = routeLaunchers(harness === undefined ? {} : { process: harness.createLauncher() });
    const launch = router.launch(makeLaunchSpec('succeed', { pool: pool('kubernetes') }), { signal });
    // Others may have it: no fault of the job.
    await expect(launch).rejects.toMatchObject({ message: expect.stringContaining("'kubernetes'"), reason: LAUNCH_LATER });
  });

  it('ends its watch with the failure of any of them', async () => {
    const { here } = open();
    const failing = { watch: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('no cluster')) }) }) };
    const router = routeLaunchers({ ...(here && { process: here, kubernetes: { ...here, ...failing } }) });
    await expect(
      (async () => {
        for await (const _observation of router.watch({ signal }));
      })(),
    ).rejects.toThrow('no cluster');
  });
});
