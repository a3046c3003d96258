import { openDatabase } from '@capstan/db';
import type { ClusterPools } from '@capstan/launcher';
import { createTestDatabase, FakeClock, makeEstimate, makeJobSpec, makePool, type TestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keepClusterPools } from './keep-cluster-pools.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('keeps warm what jobs do not hold, of the pools of the cluster only, and stores what its nodes could hold', async () => {
  const clock = new FakeClock();
  const db = openDatabase({ url: database.url, clock });
  await db.pools.ensure(makePool({ id: 'local', minReady: 1 }));
  await db.pools.ensure(makePool({ id: 'pods', launcher: 'kubernetes', minReady: 3, maxWorkers: 4 }));
  const { id: projectId } = await db.projects.ensure('default');
  const spec = makeJobSpec({ resources: { workers: 2 } });
  const job = { id: 'ftjob-1', projectId, poolId: 'pods', spec, priority: 50, maxAttempts: 1, metadata: null, estimate: makeEstimate() };
  await db.jobs.create(job);
  await db.jobs.launch({ jobId: 'ftjob-1', expectedAttempt: 1, poolId: 'pods' });
  const kept: [string, number][] = [];
  let isSeen = true;
  const cluster: ClusterPools = {
    keepPlaces: async (wanted) => void kept.push(...wanted.map(({ pool, places }): [string, number] => [pool.id, places])),
    readCapacities: async (pools) => (isSeen ? pools.map(() => ({ slots: 8, nodes: 2, closedNodes: 1 })) : null),
  };
  await keepClusterPools(cluster, { db, clock });
  isSeen = false;
  await keepClusterPools(cluster, { db, clock });
  expect(kept).toEqual([
    ['pods', 2],
    ['pods', 2],
  ]);
  expect(await db.poolCapacities.get('pods')).toMatchObject({ slots: 8, nodes: 2, closedNodes: 1, readAt: clock.now() });
  expect(await db.poolCapacities.get('local')).toBeNull();
  await db.close();
});
