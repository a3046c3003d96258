import { placesToKeep } from '@capstan/core';
import type { ClusterPools } from '@capstan/launcher';
import type { SchedulerContext } from './scheduler-context.ts';

/** Looks after the pools of the cluster: their warm places, and what its nodes could hold. Several schedulers may do so side by side. */
export async function keepClusterPools(clusterPools: ClusterPools, { db, clock }: Pick<SchedulerContext, 'db' | 'clock'>): Promise<void> {
  const [all, reserved] = await Promise.all([db.pools.list(), db.pools.reserved()]);
  const pools = all.filter(({ launcher }) => launcher === 'kubernetes');
  const readAt = clock.now();
  const capacities = pools.length === 0 ? [] : await clusterPools.readCapacities(pools);
  await db.poolCapacities.save(
    pools.flatMap(({ id: poolId }, place) => (capacities?.[place] ? [{ ...capacities[place], poolId, readAt }] : [])),
  );
  await clusterPools.keepPlaces(pools.map((pool) => ({ pool, places: placesToKeep(pool, reserved.get(pool.id) ?? 0) })));
}
